//! The arithmetic of docs/internals/measurements.md, "Guessing", with the limits that the template sets.

use super::document::{template, text};
use super::file;
use serde_json::Value;
use std::str::FromStr;

/// The two limits in a parameter: requests per second, and burst.
fn throttling(template: &Value, parameter: &str) -> [u32; 2] {
    let numbers = text(&template["Parameters"][parameter]["Default"]);
    let (rate, burst) = numbers.split_once(',').unwrap();
    [rate, burst].map(|number| number.parse().unwrap())
}

/// The rows of the table whose first heading is `heading`. The first row has the headings.
fn table(heading: &str) -> Vec<Vec<String>> {
    let document = file("docs/internals/measurements.md");
    let rows = document.lines().skip_while(|line| !line.starts_with(&format!("| {heading} |")));
    let rows = rows.take_while(|line| line.starts_with('|')).filter(|line| !line.starts_with("|--"));
    let rows: Vec<Vec<_>> =
        rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect();
    assert!(!rows.is_empty(), "there is no table of {heading}");
    rows
}

/// The first number of a cell.
fn number<T: FromStr>(cell: &str) -> T {
    let from_first_digit = cell.trim_start_matches(|c: char| !c.is_ascii_digit());
    let number = from_first_digit.split(|c: char| c != '.' && !c.is_alphanumeric()).next().unwrap();
    number.parse().unwrap_or_else(|_| panic!("{cell} has no number"))
}

/// The seconds of `61.1 minutes`.
fn seconds(cell: &str) -> f64 {
    let seconds_each = match cell.split_once(' ').expect(cell).1 {
        "seconds" => 1.0,
        "minutes" => 60.0,
        "hours" => 3600.0,
        "days" => 86_400.0,
        "years" => 365.25 * 86_400.0,
        unit => panic!("{unit}"),
    };
    number::<f64>(cell) * seconds_each
}

#[test]
fn the_documented_limits_are_those_of_the_template() {
    let template = template();
    let rows = table("routes that look a token up");
    let mut total = [0, 0];
    for row in &rows[1..rows.len() - 1] {
        let limits = throttling(&template, row[1].trim_matches('`'));
        assert_eq!([number::<u32>(&row[2]), number::<u32>(&row[3])], limits, "{row:?}");
        let routes = ["GET /", "POST /"].iter().map(|method| row[0].matches(method).count());
        let routes = u32::try_from(routes.sum::<usize>()).unwrap();
        total[0] += routes * limits[0];
        total[1] += routes * limits[1];
    }
    let together = rows.last().unwrap();
    assert_eq!([number::<u32>(&together[2]), number::<u32>(&together[3])], total);

    let headings = &table("token")[0];
    let [sdk, _] = throttling(&template, "SdkThrottling");
    assert_eq!([number::<u32>(&headings[2]), number::<u32>(&headings[3])], [sdk, total[0]]);
}

#[test]
fn guessing_takes_as_long_as_documented() {
    let rows = table("token");
    let (headings, rows) = rows.split_first().unwrap();
    assert!(rows.len() >= 4);
    for row in rows {
        let (bits, stored): (f64, f64) = (number(&row[0]), number(&row[1]));
        let tries = (bits.exp2() + 1.0) / (stored + 1.0);
        for (heading, cell) in headings.iter().zip(row).skip(2) {
            let expected = tries / number::<f64>(heading);
            let off = (seconds(cell) / expected - 1.0).abs();
            assert!(off < 0.03, "{heading}: {cell} is {} seconds, not {expected}", seconds(cell));
        }
    }
}

#[test]
fn the_formula_gives_the_average_number_of_tries() {
    // Counts the average place of the first hit over all ways to store N of K tokens.
    for (possible, stored) in [(7_u32, 1_u32), (7, 3), (12, 1), (12, 5), (12, 12)] {
        let ways = (0..1_u32 << possible).filter(|way| way.count_ones() == stored);
        let (places, count) = ways.fold((0, 0), |(places, count), way| (places + way.trailing_zeros() + 1, count + 1));
        let average = f64::from(places) / f64::from(count);
        let formula = f64::from(possible + 1) / f64::from(stored + 1);
        assert!((average - formula).abs() < 1e-9, "{possible} {stored}: {average}, not {formula}");
    }
}
