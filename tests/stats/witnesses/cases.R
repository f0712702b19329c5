# What R says about classifiers on the same cases and about proportions: writes cases.json.
# Debian packages r-cran-coin, r-cran-psych, r-cran-survey, r-cran-jsonlite; run in cxr_report/conformance/witnesses: Rscript ../../../tests/stats/witnesses/cases.R
suppressMessages(suppressWarnings({library(coin); library(psych); library(survey); library(jsonlite)}))
set.seed(20240119)

discordant <- data.frame(b = c(7, 1, 12, 5, 30, 0, 3), c = c(1, 7, 5, 5, 18, 6, 2))
one <- function(b, c) {
  m <- matrix(c(20, c, b, 15), 2)
  list(b = b, c = c, exact = binom.test(b, b + c)$p.value, chi2 = unname(mcnemar.test(m, correct = FALSE)$statistic),
       p_chi2 = mcnemar.test(m, correct = FALSE)$p.value, cc = unname(mcnemar.test(m)$statistic), p_cc = mcnemar.test(m)$p.value)
}
mcnemar <- Map(one, discordant$b, discordant$c)

answers <- lapply(list(c(40, 3), c(25, 5), c(60, 4)), function(s) {
  ease <- rnorm(s[1])
  m <- 1 * (outer(ease, seq(0.9, 0.2, length.out = s[2]), "+") + matrix(rnorm(prod(s), sd = 0.7), s[1]) > 0)
  q <- friedman.test(m)   # on 0 and 1 the tie-corrected Friedman statistic is Cochran's Q
  list(correct = m, q = unname(q$statistic), df = unname(q$parameter), p = q$p.value)
})

squares <- list(full = matrix(c(20, 2, 3, 5, 30, 1, 1, 4, 10), 3), four = matrix(rpois(16, 6) + diag(rep(20, 4)), 4),
                two = matrix(c(20, 10, 5, 15), 2), skewed = matrix(c(9, 1, 0, 6, 9, 2, 4, 7, 3), 3))
square <- function(m) {
  dimnames(m) <- list(a = letters[seq_len(nrow(m))], b = letters[seq_len(nrow(m))])
  bo <- mcnemar.test(m, correct = FALSE); sm <- mh_test(as.table(m)); k <- suppressMessages(suppressWarnings(cohen.kappa(m)))
  list(table = m, bowker = c(unname(bo$statistic), unname(bo$parameter), bo$p.value),
       stuart_maxwell = c(statistic(sm), nrow(m) - 1, pvalue(sm)),
       kappa = c(k$kappa, sqrt(k$var.kappa), k$confid["unweighted kappa", c("lower", "upper")]))
}

counts <- data.frame(x = c(9, 0, 10, 1, 9, 50, 263, 15), n = c(10, 10, 10, 10, 100, 100, 300, 148))
wilson <- Map(function(x, n) suppressWarnings(as.numeric(prop.test(x, n, correct = FALSE)$conf.int)), counts$x, counts$n)
exact <- Map(function(x, n) as.numeric(binom.test(x, n)$conf.int), counts$x, counts$n)
exact_90 <- Map(function(x, n) as.numeric(binom.test(x, n, conf.level = 0.9)$conf.int), counts$x, counts$n)

clusters <- lapply(c(0.4, 1.5), function(spread) {
  id <- rep(seq_len(25), times = rpois(25, 2) + 1)
  y <- rbinom(length(id), 1, plogis(rnorm(25, 0.8, spread))[id])
  design <- svydesign(ids = ~id, weights = ~1, data = data.frame(id, y))
  m <- svymean(~y, design)
  ci <- svyciprop(~y, design, method = "beta", level = 0.95)
  # survey's variance lacks the factor (n-1)/n, so the effective number follows with and without it
  list(id = id, y = y, estimate = unname(coef(m)), variance = as.numeric(vcov(m)), df = degf(design), beta = as.numeric(attr(ci, "ci")))
})

versions <- list(R = as.character(getRversion()))
for (package in c("coin", "psych", "survey")) versions[[package]] <- as.character(packageVersion(package))
out <- list(source = "cases.R", versions = versions, mcnemar = mcnemar, cochran = answers, squares = lapply(squares, square),
            counts = counts, wilson = wilson, clopper_pearson = exact, clopper_pearson_90 = exact_90, clusters = clusters)
writeLines(toJSON(out, auto_unbox = TRUE, digits = NA, dataframe = "columns"), "cases.json")
