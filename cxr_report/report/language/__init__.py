"""The languages of a report: a sentence's English template and its slots in, the sentence in one language out.

Every text of the report that is not a user's own is written once, in English, where it is said: as the template of a
`Speech`. The catalogue (``catalogue/*.toml``) gives the Korean for each template, word order and all.
"""

from cxr_report.report.language.catalogue import LANGUAGES, entries
from cxr_report.report.language.phrases import phrase
from cxr_report.report.language.speech import ENGLISH, Speech, speech

__all__ = ["ENGLISH", "LANGUAGES", "Speech", "entries", "phrase", "speech"]
