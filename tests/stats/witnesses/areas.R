# The joint analysis of areas from pROC's areas and covariances and aov's mean squares: writes areas.json.
# Debian packages r-base-core, r-cran-proc, r-cran-jsonlite.
# Run in cxr_report/conformance/witnesses: Rscript ../../../tests/stats/witnesses/areas.R
suppressMessages(suppressWarnings({library(pROC); library(jsonlite)}))
set.seed(20240121)

curve <- function(truth, score) roc(truth, score, levels = c(0, 1), direction = "<", quiet = TRUE)
area <- function(truth, score) as.numeric(auc(curve(truth, score)))

delong <- function(truth, runs) {   # runs: one row per run, loss-major
  curves <- lapply(seq_len(nrow(runs)), function(r) curve(truth, runs[r, ])); m <- length(curves); out <- matrix(0, m, m)
  for (i in seq_len(m)) for (j in seq_len(i)) out[i, j] <- out[j, i] <-
    if (i == j) var(curves[[i]], method = "delong") else cov(curves[[i]], curves[[j]], method = "delong")
  out
}
jackknife <- function(statistic, groups) {   # statistic of the kept cases; whole groups are left out
  left <- t(sapply(unique(groups), function(g) statistic(groups != g))); G <- nrow(left)
  (G - 1)^2 / G * cov(left)
}

joint <- function(theta, covariance) {   # theta: losses by seeds
  k <- nrow(theta); S <- ncol(theta); loss <- rep(seq_len(k), each = S); seed <- rep(seq_len(S), k)
  ms <- summary(aov(as.vector(t(theta)) ~ factor(loss) + factor(seed)))[[1]][["Mean Sq"]]
  same_loss <- outer(loss, loss, "=="); same_seed <- outer(seed, seed, "==")
  cov1 <- mean(covariance[!same_loss & same_seed]); cov2 <- mean(covariance[same_loss & !same_seed])
  cov3 <- mean(covariance[!same_loss & !same_seed]); var <- mean(diag(covariance))
  d <- ms[3] + S * max(cov2 - cov3, 0); df2 <- d^2 / (ms[3]^2 / ((k - 1) * (S - 1)))
  chi2 <- (k - 1) * ms[1] / (var - cov1 + (S - 1) * (cov2 - cov3))
  list(auc = theta, covariance = covariance, ms = ms, cov = c(cov1, cov2, cov3), var = var, f = ms[1] / d, df2 = df2,
       p = pf(ms[1] / d, k - 1, df2, lower.tail = FALSE), chi2 = chi2, p_seeds_fixed = pchisq(chi2, k - 1, lower.tail = FALSE),
       f_cases_fixed = ms[1] / ms[3], p_cases_fixed = pf(ms[1] / ms[3], k - 1, (k - 1) * (S - 1), lower.tail = FALSE))
}

k <- 3; S <- 4; n <- 80
truth <- rbinom(n, 1, 0.4); common <- rnorm(n); own <- matrix(rnorm(k * n, sd = 0.8), k)   # losses interact with cases
runs <- round(t(sapply(seq_len(k * S), function(r) {
  l <- (r - 1) %/% S; common + own[l + 1, ] + rnorm(n, sd = 0.6) + (0.8 + 0.4 * l) * truth})), 1)
theta <- matrix(sapply(seq_len(k * S), function(r) area(truth, runs[r, ])), k, byrow = TRUE)
patients <- sample(rep(seq_len(30), length.out = n))
by_case <- jackknife(function(keep) apply(runs, 1, function(s) area(truth[keep], s[keep])), seq_len(n))
by_patient <- jackknife(function(keep) apply(runs, 1, function(s) area(truth[keep], s[keep])), patients)

# three classes: macro average of one against the rest
k3 <- 2; S3 <- 3; n3 <- 60; class <- sample(0:2, n3, replace = TRUE, prob = c(0.5, 0.3, 0.2))
many <- lapply(seq_len(k3 * S3), function(r) round(matrix(rnorm(n3 * 3), n3) + (0.7 + 0.3 * ((r - 1) %/% S3)) * outer(class, 0:2, "=="), 1))
macro <- function(keep) sapply(many, function(z) mean(sapply(0:2, function(c) area(1 * (class[keep] == c), z[keep, c + 1]))))

versions <- list(R = as.character(getRversion()), pROC = as.character(packageVersion("pROC")))
out <- list(source = "areas.R", versions = versions, truth = truth, runs = runs, losses = k, seeds = S, patients = patients,
  delong = joint(theta, delong(truth, runs)), jackknife = joint(theta, by_case), by_patient = joint(theta, by_patient),
  classes = list(truth = class, runs = many, losses = k3, seeds = S3,
    jackknife = joint(matrix(macro(rep(TRUE, n3)), k3, byrow = TRUE), jackknife(macro, seq_len(n3)))))
writeLines(toJSON(out, auto_unbox = TRUE, digits = NA), "areas.json")
