//! The table of `make bench`, with medians and quartiles.

use crate::on_defaults;
use crate::support::Kind;

/// The samples of one program, one per process. CPU times of single invocations and the warm percentiles are in
/// microseconds, all other times in milliseconds, memory is in MiB.
#[derive(Default)]
pub struct Samples {
    pub init_wall: Vec<f64>,
    pub init_cpu: Vec<f64>,
    pub first_wall: Vec<f64>,
    pub first_cpu: Vec<f64>,
    pub answer_wall: Vec<f64>,
    pub answer_cpu: Vec<f64>,
    pub init_faults: Vec<f64>,
    pub first_faults: Vec<f64>,
    pub warm_cpu: Vec<f64>,
    pub warm_p50: Vec<f64>,
    pub warm_p99: Vec<f64>,
    pub after_pause_wall: Vec<f64>,
    pub after_pause_cpu: Vec<f64>,
    pub resident: Vec<f64>,
    pub lookups: Vec<f64>,
    pub other_calls: Vec<f64>,
    pub connections: Vec<f64>,
}

/// A program with its samples. Sizes are in bytes.
pub struct Row {
    pub name: &'static str,
    pub kind: Kind,
    pub samples: Samples,
    pub binary: u64,
    pub zip: u64,
}

type Figure = (&'static str, usize, fn(&Samples) -> &[f64]);

/// The name, the decimals and the samples of each line.
const FIGURES: [Figure; 17] = [
    ("init, wall ms", 1, |samples| &samples.init_wall),
    ("init, CPU ms", 1, |samples| &samples.init_cpu),
    ("first invocation, wall ms", 2, |samples| &samples.first_wall),
    ("first invocation, CPU µs", 0, |samples| &samples.first_cpu),
    ("init, page faults", 0, |samples| &samples.init_faults),
    ("first invocation, page faults", 0, |samples| &samples.first_faults),
    ("to the first answer, wall ms", 1, |samples| &samples.answer_wall),
    ("to the first answer, CPU ms", 1, |samples| &samples.answer_cpu),
    ("warm, CPU µs", 0, |samples| &samples.warm_cpu),
    ("warm, wall p50 µs", 0, |samples| &samples.warm_p50),
    ("warm, wall p99 µs", 0, |samples| &samples.warm_p99),
    ("warm after a pause, wall ms", 2, |samples| &samples.after_pause_wall),
    ("warm after a pause, CPU µs", 0, |samples| &samples.after_pause_cpu),
    ("resident after them, MiB", 1, |samples| &samples.resident),
    ("GetItem per warm request", 3, |samples| &samples.lookups),
    ("other calls per warm request", 3, |samples| &samples.other_calls),
    ("connections of a process to AWS", 0, |samples| &samples.connections),
];

/// The figures that have limits in `docs/internals/performance.md`, as ratios.
const RATIOS: [Figure; 4] = [
    ("CPU to the first answer", 2, |samples| &samples.answer_cpu),
    ("CPU per warm invocation", 2, |samples| &samples.warm_cpu),
    ("resident memory", 2, |samples| &samples.resident),
    ("binary", 2, |_| &[]),
];

/// Prints everything as Markdown.
pub fn print(rows: &[Row], rounds: usize, warm: usize) {
    println!("Medians of {rounds} processes of each program, interleaved, with {warm} warm invocations each;");
    println!("in brackets the lower and the upper quartile.\n");
    header("", rows);
    for (name, decimals, samples) in FIGURES {
        line(name, rows.iter().map(|row| spread(samples(&row.samples), decimals)));
    }
    line("binary, MB", rows.iter().map(|row| megabytes(row.binary)));
    line("zipped, MB", rows.iter().map(|row| megabytes(row.zip)));
    compare("against floor", rows, |_| "floor");
    compare("against its defaults", rows, |row| on_defaults(row.kind));
    println!();
    header("first invocation against", rows);
    line(
        "a warm one after a pause, wall",
        rows.iter().map(|row| ratio(&row.samples.first_wall, &row.samples.after_pause_wall)),
    );
    line("the same, CPU", rows.iter().map(|row| ratio(&row.samples.first_cpu, &row.samples.after_pause_cpu)));
    let first = |row: &Row| row.samples.first_wall.iter().map(|wall| wall * 1e3).collect::<Vec<_>>();
    line("a warm one in a row, wall", rows.iter().map(|row| ratio(&first(row), &row.samples.warm_p50)));
    line("the same, CPU", rows.iter().map(|row| ratio(&row.samples.first_cpu, &row.samples.warm_cpu)));
}

/// Each program's ratios to the program with the name that `base` gives, unless one of these was not measured.
fn compare(title: &str, rows: &[Row], base: fn(&Row) -> &'static str) {
    let base = |row| rows.iter().find(|other| other.name == base(row));
    let Some(bases) = rows.iter().map(base).collect::<Option<Vec<_>>>() else { return };
    println!();
    header(title, rows);
    for (name, decimals, samples) in RATIOS {
        let figure = |row: &Row| match samples(&row.samples) {
            [] => row.binary as f64,
            samples => median(samples),
        };
        line(name, rows.iter().zip(&bases).map(|(row, base)| format!("{:.decimals$}", figure(row) / figure(base))));
    }
}

/// The median and, in brackets, the quartiles.
pub fn spread(samples: &[f64], decimals: usize) -> String {
    let [low, middle, high] = [1, 2, 3].map(|quarter| quantile(samples, quarter));
    if low.total_cmp(&high).is_eq() {
        return format!("{middle:.decimals$}");
    }
    format!("{middle:.decimals$} ({low:.decimals$}–{high:.decimals$})")
}

fn ratio(figure: &[f64], base: &[f64]) -> String {
    format!("{:.2}", median(figure) / median(base))
}

pub fn median(samples: &[f64]) -> f64 {
    quantile(samples, 2)
}

/// The median between the bounds of its 95 % confidence interval: the values at the ranks that a binomial
/// distribution gives.
pub fn median_interval(mut samples: Vec<f64>) -> (f64, f64, f64) {
    samples.sort_by(f64::total_cmp);
    let last = samples.len() - 1;
    let half_width = (0.98 * (samples.len() as f64).sqrt()).ceil() as usize;
    let (low, high) = ((last / 2).saturating_sub(half_width), (last / 2 + half_width).min(last));
    (samples[low], samples[last / 2], samples[high])
}

fn quantile(samples: &[f64], quarter: usize) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) * quarter / 4]
}

fn megabytes(bytes: u64) -> String {
    format!("{:.2}", bytes as f64 / 1e6)
}

fn header(title: &str, rows: &[Row]) {
    line(title, rows.iter().map(|row| row.name.to_owned()));
    println!("|---|{}", "---|".repeat(rows.len()));
}

fn line(name: &str, cells: impl Iterator<Item = String>) {
    println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
}
