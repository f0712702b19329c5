# Areas under the ROC curve by pROC. Run in cxr_report/conformance/witnesses: Rscript ../../../tests/stats/witnesses/roc.R > roc.json   (Debian: r-base-core, r-cran-proc, r-cran-jsonlite)
suppressPackageStartupMessages({library(pROC); library(jsonlite)})

area <- function(truth, score) roc(truth, score, levels = c(0, 1), direction = "<", quiet = TRUE)

pair <- function(name, truth, a, b) {
  ra <- area(truth, a); rb <- area(truth, b)
  test <- function(alternative)
    suppressWarnings(roc.test(ra, rb, method = "delong", paired = TRUE, alternative = alternative))
  two <- test("two.sided")
  list(name = name, truth = truth, a = a, b = b,
       auc = c(as.numeric(auc(ra)), as.numeric(auc(rb))),
       variance = c(var(ra, method = "delong"), var(rb, method = "delong")),
       covariance = cov(ra, rb, method = "delong"),
       interval_a = as.numeric(suppressWarnings(ci.auc(ra, method = "delong")))[c(1, 3)],
       interval_b_90 = as.numeric(suppressWarnings(ci.auc(rb, method = "delong", conf.level = 0.9)))[c(1, 3)],
       z = unname(two$statistic), p = two$p.value,
       p_greater = test("greater")$p.value, p_less = test("less")$p.value,
       difference = as.numeric(two$conf.int))
}

set.seed(20)
n <- 60; truth <- rep(0:1, c(38, 22)); base <- rnorm(n) + 1.2 * truth
rare <- rep(0:1, c(57, 3)); rare_base <- rnorm(n) + rare
small <- rep(0:1, c(5, 4))
pairs <- list(
  pair("continuous", truth, base + rnorm(n, sd = 0.5), base + rnorm(n, sd = 0.9)),
  pair("ratings with many ties", truth, round(base + rnorm(n, sd = 0.5)), round(base + rnorm(n, sd = 0.9))),
  pair("three positives", rare, rare_base + rnorm(n), rare_base + rnorm(n)),
  pair("worse than chance", truth, -base, base + rnorm(n)),
  pair("perfect against good", truth, truth + seq_len(n) / 1000, base),
  pair("constant against good", truth, rep(0.5, n), base),
  pair("nine cases", small, c(0.1, 0.4, 0.35, 0.8, 0.2, 0.9, 0.5, 0.7, 0.35), c(0.2, 0.3, 0.3, 0.6, 0.1, 0.7, 0.9, 0.3, 0.2)))

classes <- sample(0:3, 90, replace = TRUE, prob = c(0.5, 0.25, 0.15, 0.1))
raw <- matrix(rexp(90 * 4), 90) + 1.5 * outer(classes, 0:3, "==")
table <- round(raw / rowSums(raw), 2)
colnames(table) <- 0:3
many <- multiclass.roc(factor(classes), table, quiet = TRUE)

cat(toJSON(list(
  source = "roc.R", versions = list(R = as.character(getRversion()), pROC = as.character(packageVersion("pROC"))),
  pairs = pairs,
  hand_till = list(truth = classes, probabilities = unname(table), auc = as.numeric(many$auc))),
  digits = NA, auto_unbox = TRUE, na = "null", pretty = FALSE), "\n")
