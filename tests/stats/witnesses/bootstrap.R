# Bootstrap intervals by boot. Run in cxr_report/conformance/witnesses: Rscript ../../../tests/stats/witnesses/bootstrap.R > bootstrap.json   (Debian: r-base-core, r-cran-boot, r-cran-jsonlite)
# The replicates are stored too, so that the intervals can be compared on the very same ones.
suppressPackageStartupMessages({library(boot); library(jsonlite)})

case <- function(name, data, statistic, R, f) {
  set.seed(7)
  result <- boot(data, statistic, R = R)
  n <- NROW(data)
  left_out <- sapply(seq_len(n), function(i) statistic(data, seq_len(n)[-i]))
  # centred at the mean of the leave-one-out values (Efron & Tibshirani 1993, 14.15); empinf() centres at the estimate
  jack <- (n - 1) * (mean(left_out) - left_out)
  bounds <- function(type, ...) as.numeric(tail(as.vector(boot.ci(result, type = type, ...)[[4]]), 2))
  list(name = name, statistic = f, data = data, estimate = result$t0, replicates = as.vector(result$t),
       left_out = left_out, acceleration = sum(jack^3) / (6 * sum(jack^2)^1.5),
       z0 = qnorm(mean(result$t < result$t0)), ties = mean(result$t == result$t0),
       bca = bounds("bca", L = jack), percentile = bounds("perc"), basic = bounds("basic"), normal = bounds("norm"))
}

set.seed(11)
skewed <- round(rexp(25), 3)
x <- rnorm(30); xy <- round(cbind(x, 0.6 * x + rnorm(30)), 3)
cat(toJSON(list(source = "bootstrap.R", versions = list(R = as.character(getRversion()), boot = as.character(packageVersion("boot"))),
  cases = list(
    case("mean of skewed numbers", skewed, function(d, i) mean(d[i]), 999, "mean"),
    case("standard deviation", skewed, function(d, i) sd(d[i]), 999, "sd"),
    case("correlation", xy, function(d, i) cor(d[i, 1], d[i, 2]), 999, "correlation"))),
  digits = NA, auto_unbox = TRUE), "\n")
