// How likely it is that a photo was really taken near enough, given how well the phone knew its place. As
// scheduling.distance.probability_within says it: the Rice distribution, here to a thousandth.

const STEPS = 400;
const TAIL_SIGMAS = 9;

/** exp(-x)·I₀(x) for x ≥ 0, by the polynomials of Abramowitz and Stegun 9.8.1 and 9.8.2 (2e-7). */
function scaledBessel(x) {
  if (x < 3.75) {
    const t = (x / 3.75) ** 2;
    const series =
      1 + t * (3.5156229 + t * (3.0899424 + t * (1.2067492 + t * (0.2659732 + t * (0.0360768 + t * 0.0045813)))));
    return Math.exp(-x) * series;
  }
  const t = 3.75 / x;
  const low = 0.39894228 + t * (0.01328592 + t * (0.00225319 + t * (-0.00157565 + t * 0.00916281)));
  const high = t ** 5 * (-0.02057706 + t * (0.02635537 + t * (-0.01647633 + t * 0.00392377)));
  return (low + high) / Math.sqrt(x);
}

/**
 * The probability that the true position is closer than `allowed` metres when it was measured at `metres`.
 * @param {number} metres ≥ 0
 * @param {number} accuracy 1σ of the phone's position in metres, above 0
 * @param {number} allowed metres
 */
export function probabilityWithin(metres, accuracy, allowed) {
  const far = metres / accuracy;
  const low = Math.max(0, far - TAIL_SIGMAS);
  const high = Math.min(allowed / accuracy, far + TAIL_SIGMAS);
  if (low >= high) {
    return 0;
  }
  const step = (high - low) / STEPS;
  let sum = 0;
  for (let i = 0; i < STEPS; i += 1) {
    const r = low + (i + 0.5) * step;
    sum += r * Math.exp(-((r - far) ** 2) / 2) * scaledBessel(r * far);
  }
  return Math.min(1, sum * step);
}
