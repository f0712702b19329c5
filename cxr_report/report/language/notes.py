"""The notes that other rooms write into statistics.json, as templates: a report says them in its language.

Those rooms know no language, and their notes are part of an analysis's bytes; so they stay English there, and
`Speech.note` finds the template behind each.
"""

from __future__ import annotations

from cxr_report.report.language.phrases import phrase

__all__ = ["NOTES"]

NOTES = (
    # of one run, or of one loss
    phrase("undefined on {some} of {all} seeds"),
    phrase("undefined in {some} of {all} runs"),
    phrase("no interval from fewer than two seeds"),
    phrase("no interval, all seeds score the same"),
    phrase("diverged"),
    phrase("missing"),
    phrase("undefined"),
    # of a comparison
    phrase("a test needs at least two seeds"),
    phrase("a comparison over seeds needs at least two of them"),
    phrase("a comparison needs two finished runs on either side"),
    phrase("no seed is finished for both"),
    phrase("a loss of the pair has no finished seed"),
    phrase("over seeds alone, on these cases"),
    phrase("outside the family"),
    phrase("without a standard error nothing is equivalent"),
    phrase("not over seeds and cases: {reason}"),
    # of tests and intervals
    phrase("few seeds make the likelihood-ratio test reject too often"),
    phrase("every seed ranks the losses alike: F is infinite and its p the exact probability of that"),
    phrase("every seed ranks the losses alike, so that t is infinite"),
    phrase("the losses differ by the same amount in every seed, so that F has no error term"),
    phrase("the losses differ by the same amounts in every seed, so that the likelihood has no maximum"),
    phrase("all values are equal"),
    phrase("all values are equal, so that their spread is zero and the interval undefined"),
    phrase("all differences are zero"),
    phrase("all differences are zero, so that there is nothing to rank"),
    phrase("all differences are equal, so that they cannot be measured in standard deviations"),
    phrase("with two pairs the bias of d_z has no correction"),
    phrase("all losses tie, so there is no ranking to agree with"),
    phrase("neither seeds nor cases vary, so no interval exists"),
    phrase("no case is discordant"),
    phrase("the discordant cases cancel out in every patient"),
    phrase("all classifiers agree on every case"),
    phrase("the classifiers cancel out in every patient"),
    # of the analysis over cases
    phrase("it is undefined on test"),
    phrase("the metric is undefined"),
    phrase("no covariance over cases"),
    phrase("the metric or its covariance is undefined"),
    phrase("the metric or its variance is undefined among these cases"),
    phrase("the metric needs a positive and a negative case, and one kind is missing"),
    phrase("ECE is biased and not smooth, so it has no covariance over cases, unlike the Brier score"),
    phrase("the error term is 0 (identical losses, or a constant difference), so the test is undefined"),
    phrase("the error term is 0 (identical losses, or a difference without any spread), so the test is undefined"),
    phrase("the estimated error term is negative, so the test is undefined"),
    phrase("the standard error is 0"),
    phrase("the variance over these cases is 0, so the interval has no width"),
    phrase("the difference has no variance over these cases"),
    phrase("{absent} of {classes} classes without a case left out of the mean"),
    phrase("the statistic was undefined on {some} of {all} resamples"),
    # of a subgroup
    phrase("fewer than {least} cases"),
    phrase("no positive case of {klass}"),
    phrase("no negative case of {klass}"),
    phrase("one positive case of {klass}"),
    phrase("one negative case of {klass}"),
    # why an analysis is exploratory
    phrase("losses {losses} added after a first analysis"),
    phrase("seeds {seeds} added after a first analysis"),
    phrase("losses {losses} added after a first analysis and seeds {seeds} added after a first analysis"),
    phrase("the analysis plan {name} was written beside the one that was frozen before the runs"),
    # why an image is no case, and why a run ended
    phrase("image that cannot be read"),
    phrase("label missing"),
    phrase("no image by its name"),
    phrase("outside of a class folder"),
    phrase("of a class that the study leaves out"),
    phrase("a manifest.csv lies beside the images and was not used"),
    phrase("the training loss became {value}"),
    phrase("a logit of a validation case is not finite"),
    phrase("the metric, or its variance, is undefined"),
    phrase("the error term is 0"),
    phrase("no run's value differs"),
    phrase("one seed has no spread, so that nothing can be said about other seeds"),
    # of bands
    phrase("range over seeds"),
    phrase("mean plus and minus one SD over seeds"),
    # of seeds, ranks, variances over cases and other analyses
    phrase("undefined with {n} seeds"),
    phrase("{some} of {all} seeds left out, where the metric is undefined"),
    phrase("{loss} diverged with seed {seeds}"),
    phrase("{loss} is not finished with seed {seeds}"),
    phrase("no spread from a single seed"),
    phrase("a ranking needs at least two seeds"),
    phrase("within every seed all losses are tied, so that the ranks carry no comparison"),
    phrase("the losses differ in no seed, so that F has no error term"),
    phrase("with two losses sphericity cannot fail"),
    phrase("fewer seeds than losses: Mauchly's test is undefined"),
    phrase("the differences between losses depend on each other: the p of Mauchly's test is undefined"),
    phrase("with two seeds Huynh and Feldt's epsilon is undefined"),
    phrase("all differences are equal, so that their spread is zero and t is undefined"),
    phrase("neither loss varies, so that there is no standard deviation to measure by"),
    phrase("no sign of the case part: Cov2 of the pair is not larger than its Cov3"),
    phrase("Wilcoxon's and the sign-flip test show the interval of the paired t"),
    phrase("the analysis of the plan is not on the list"),
    phrase("non-inferiority is asked against the baseline alone, and the family is of all pairs"),
    phrase("no trial has a score on validation, so the written configuration was kept"),
    phrase("no test label is known"),
    phrase("a mean over fewer than all classes in {some} of {runs} runs"),
    phrase("a jackknife over patients needs at least two of them"),
    phrase("a class is undefined without a certain patient in {some} of {runs} runs"),
    phrase("a variance over cases needs 2 positive and 2 negative cases, got {positive} and {negative}"),
    phrase(
        "a variance over cases needs 2 patients with a positive and 2 with a negative case, got "
        "{positive} and {negative}"
    ),
    phrase("a jackknife over cases needs two patients with a positive and two with a negative case"),
    phrase("the area needs a positive and a negative case, and one kind is missing"),
    phrase("{absent} of {classes} classes without a positive or a negative case left out of the mean"),
    phrase("{some} of {all} resamples lacked a class"),
    phrase("both classifiers rank the cases alike: z, p and interval are undefined"),
    phrase("the difference has no variance over these cases: z, p and interval are undefined"),
    phrase("the logit of an area of 0 or 1 is not finite"),
    phrase("not looked at under Youden's thresholds, where a case may be called several classes, or none"),
    phrase("not looked at under Youden's thresholds, for none could be chosen on validation"),
    # of simulated rates of rejection
    phrase("the covariance over cases is taken as known"),
    phrase("the losses never differ"),
    phrase("components below 0 count as 0"),
    phrase("cannot reach {alpha} with {n} seeds"),
    phrase("any of {n} comparisons"),
    # of the stored simulation
    phrase("Repeated-measures ANOVA"),
    phrase("Repeated-measures ANOVA (Greenhouse-Geisser)"),
    phrase("Friedman test (χ²)"),
    phrase("Friedman test (Iman–Davenport F)"),
    phrase("DeLong test on one seed of each loss"),
    phrase("Obuchowski–Rockette, seeds fixed"),
    phrase("Obuchowski–Rockette/Hillis, pair-specific"),
    phrase(
        "The score of a case under a loss and a seed is normal: separation times truth, plus a part of the case common "
        "to all runs, a part of the case common to all seeds of the loss (the interaction of losses with cases), a "
        "part of the case common to all losses of the seed, and a part of the run's own. The separation itself varies "
        "with the seed, alike for all losses, and with loss and seed. All losses have the same distribution: over new "
        "cases and new seeds their expected areas under the ROC curve are equal."
    ),
    # of external test sets
    phrase("the two sets lack different classes, so that the means over the classes are of different things"),
    phrase("undefined on some seeds in one of the two sets"),
    phrase("without any spread over seeds and cases there is no interval"),
    phrase("it is undefined"),
)
"""Every one that a report may show."""
