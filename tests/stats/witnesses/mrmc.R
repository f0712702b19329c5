# Mean squares, F, t and power from base R. Run in cxr_report/conformance/witnesses: Rscript ../../../tests/stats/witnesses/mrmc.R > mrmc.json   (Debian: r-base-core, r-cran-jsonlite)
# The Obuchowski-Rockette terms are put together here from aov() and plain averages over the covariance.
suppressPackageStartupMessages(library(jsonlite))
set.seed(3)

crossed <- function(k, S, spread) {
  theta <- matrix(0.85 + rnorm(k * S, sd = 0.01), k) + rep(rnorm(S, sd = 0.01), each = k)
  theta <- theta + seq(0, spread, length.out = k)
  loading <- matrix(rnorm(k * S * 40, sd = 0.002), k * S) + matrix(rnorm(40, sd = 0.003), k * S, 40, byrow = TRUE) +
    matrix(rnorm(k * 40, sd = 0.002), k)[rep(seq_len(k), each = S), ] +
    matrix(rnorm(S * 40, sd = 0.002), S)[rep(seq_len(S), k), ]
  covariance <- loading %*% t(loading) / 40
  loss <- rep(seq_len(k), each = S); seed <- rep(seq_len(S), k)
  y <- as.vector(t(theta))
  table <- summary(aov(y ~ factor(loss) + factor(seed)))[[1]]
  ms <- table[["Mean Sq"]]
  same_loss <- outer(loss, loss, "=="); same_seed <- outer(seed, seed, "==")
  var <- mean(diag(covariance))
  cov1 <- mean(covariance[!same_loss & same_seed])
  cov2 <- mean(covariance[same_loss & !same_seed])
  cov3 <- mean(covariance[!same_loss & !same_seed])
  d <- ms[3] + S * max(cov2 - cov3, 0)
  df2 <- d^2 / (ms[3]^2 / ((k - 1) * (S - 1)))
  fixed <- (k - 1) * ms[1] / (var - cov1 + (S - 1) * (cov2 - cov3))
  first <- theta[1, ]; ms1 <- var(first); block <- covariance[1:S, 1:S]
  cov21 <- mean(block[row(block) != col(block)])
  se1 <- sqrt(ms1 / S + max(cov21, 0)); df1 <- S^2 * se1^4 / (ms1^2 / (S - 1))
  pair <- t.test(theta[1, ], theta[2, ], paired = TRUE)
  list(theta = theta, covariance = covariance, ms = ms, var = var, cov = c(cov1, cov2, cov3),
       f = ms[1] / d, df2 = df2, p = pf(ms[1] / d, k - 1, df2, lower.tail = FALSE),
       chi2 = fixed, p_seeds_fixed = pchisq(fixed, k - 1, lower.tail = FALSE),
       f_cases_fixed = table[["Mean Sq"]][1] / ms[3],
       p_cases_fixed = pf(ms[1] / ms[3], k - 1, (k - 1) * (S - 1), lower.tail = FALSE),
       mean1 = c(mean(first), se1, df1, mean(first) + c(-1, 1) * qt(0.975, df1) * se1),
       paired_t = c(unname(pair$statistic), unname(pair$parameter), pair$p.value, pair$conf.int))
}

nested <- function(sizes) {
  y <- lapply(sizes, function(n) 0.85 + rnorm(1, sd = 0.01) + rnorm(n, sd = 0.01))
  loss <- factor(rep(seq_along(sizes), sizes))
  table <- summary(aov(unlist(y) ~ loss))[[1]]
  two <- t.test(y[[1]], y[[2]], var.equal = TRUE)
  list(theta = y, ms = table[["Mean Sq"]], f = table[["F value"]][1], p = table[["Pr(>F)"]][1], df = table[["Df"]],
       pooled_t = c(unname(two$statistic), unname(two$parameter), two$p.value, two$conf.int))
}

tost <- function(estimate, se, df, low, high) list(
  estimate = estimate, se = se, df = df, low = low, high = high,
  p_lower = pt((estimate - low) / se, df, lower.tail = FALSE), p_upper = pt((estimate - high) / se, df),
  interval = estimate + c(-1, 1) * qt(0.95, df) * se)

power <- function(delta, S, ms, case, m) {
  d <- ms + S * case; df <- d^2 / (ms^2 / (S - 1)); se <- sqrt(2 * d / S)
  t <- qt(0.05 / (2 * m), df, lower.tail = FALSE)
  list(delta = delta, n_seeds = S, ms = ms, case = case, comparisons = m,
       power = pt(t, df, ncp = delta / se, lower.tail = FALSE) + pt(-t, df, ncp = delta / se), width = 2 * t * se)
}

better <- function(n, a, b) {
  D <- seq(abs(a - b), min(a + b, 2 * n - a - b), by = 2)
  list(n = n, a = a, b = b, discordant = D,
       probability = pbeta(0.5, (D + a - b) / 2 + 0.5, (D - a + b) / 2 + 0.5, lower.tail = FALSE))
}

ranks <- rbind(c(1, 2, 3, 4, 5), c(2, 1, 3, 5, 4), c(1.5, 1.5, 3, 4, 5), c(5, 3.5, 3.5, 1.5, 1.5), c(3, 1, 2, 5, 4))
reference <- c(1, 2.5, 2.5, 4, 5)
cat(toJSON(list(
  source = "mrmc.R", versions = list(R = as.character(getRversion())),
  crossed = list(crossed(2, 3, 0.01), crossed(3, 5, 0.02), crossed(5, 4, 0)),
  nested = list(nested(c(4, 4, 4)), nested(c(3, 6, 4)), nested(c(2, 10))),
  equivalence = list(tost(0.004, 0.003, 8.4, -0.01, 0.01), tost(-0.02, 0.004, 30, -0.02, 0.03), tost(0, 0.5, 2.2, -1, 1)),
  power = list(power(0.01, 5, 5e-5, 1e-5, 1), power(0.02, 3, 1e-4, 0, 1), power(0.02, 10, 1e-4, 4e-5, 6), power(0, 4, 1e-4, 1e-5, 1)),
  better = list(better(100, 90, 86), better(50, 20, 20), better(1000, 912, 934)),
  kendall = list(ranks = ranks, reference = reference, tau = apply(ranks, 1, cor, reference, method = "kendall"))),
  digits = NA, auto_unbox = TRUE), "\n")
