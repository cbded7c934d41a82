//! The report for people, in the width of their terminal, and for programs.

use std::fmt::Write as _;

use console::{Term, style};

use super::report::{Check, Report, State};
use crate::output;
use crate::problem::Problem;

/// The width of what is not shown on a terminal, in columns.
const DEFAULT_WIDTH: usize = 80;

/// The narrowest column in which sentences are readable.
const MIN_TEXT_WIDTH: usize = 40;

pub(super) fn show(report: &Report, as_json: bool) -> Result<(), Problem> {
    if as_json {
        return output::json(report);
    }
    let width = Term::stdout().size_checked().map_or(DEFAULT_WIDTH, |(_, columns)| usize::from(columns));
    output::line(&checklist(report, width))
}

fn checklist(report: &Report, width: usize) -> String {
    let mut list = String::new();
    for (at, checks) in report.checks.chunk_by(|one, next| one.group == next.group).enumerate() {
        let gap = if at == 0 { "" } else { "\n" };
        let _ = writeln!(list, "{gap}{}", style(checks[0].group.title()).bold());
        for line in lines(checks) {
            list.push_str(&line.laid_out(id_width(report), width));
        }
    }
    list + "\n" + &summary(report)
}

/// A line of the list, before it is laid out.
struct Line<'a> {
    state: State,
    id: &'a str,
    text: String,
    remedy: Option<&'a str>,
}

/// The checks of one group: those that passed among many are counted, and so are those skipped for one reason.
fn lines(checks: &[Check]) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    let is_counted = |check: &&Check| check.is_counted_only && check.state == State::Pass;
    let counted = checks.iter().filter(is_counted).count();
    if counted > 0 {
        let text = format!("{counted} rules are kept");
        lines.push(Line { state: State::Pass, id: "rules", text, remedy: None });
    }
    let mut skipped: Vec<(&str, Vec<&str>)> = Vec::new();
    for check in checks.iter().filter(|check| !is_counted(check)) {
        if check.state == State::Skip {
            match skipped.iter_mut().find(|(reason, _)| *reason == check.seen) {
                Some((_, ids)) => ids.push(&check.id),
                None => skipped.push((&check.seen, vec![&check.id])),
            }
        } else {
            let (id, text, remedy) = (check.id.as_str(), check.seen.clone(), check.remedy.as_deref());
            lines.push(Line { state: check.state, id, text, remedy });
        }
    }
    lines.extend(skipped.into_iter().map(|(reason, ids)| match ids.as_slice() {
        [id] => Line { state: State::Skip, id, text: reason.to_owned(), remedy: None },
        ids => {
            Line { state: State::Skip, id: "skipped", text: format!("{} checks: {reason}", ids.len()), remedy: None }
        }
    }));
    lines
}

fn id_width(report: &Report) -> usize {
    let is_shown =
        |check: &&Check| check.state != State::Skip && !(check.is_counted_only && check.state == State::Pass);
    report.checks.iter().filter(is_shown).map(|check| check.id.len()).max().unwrap_or_default().max("skipped".len())
}

impl Line<'_> {
    /// The mark, the id, and beside them what was seen and what to do; below them where there is no room beside.
    fn laid_out(&self, id_width: usize, width: usize) -> String {
        let Self { state, id, text, remedy } = self;
        let mark = match state {
            State::Pass => style("✓").green(),
            State::Warn => style("!").yellow().bold(),
            State::Fail => style("✗").red().bold(),
            State::Skip => style("–").dim(),
        };
        let beside = 2 + 2 + id_width + 2;
        let has_room = width >= beside + MIN_TEXT_WIDTH;
        let indent = if has_room { beside } else { 4 };
        let text_width = width.saturating_sub(indent).max(1);
        let margin = " ".repeat(indent);

        let mut out = format!("  {mark} {id:id_width$}");
        let mut rows = textwrap::wrap(text, text_width).into_iter();
        if has_room {
            let _ = write!(out, "  {}", rows.next().unwrap_or_default());
        }
        for row in rows {
            let _ = write!(out, "\n{margin}{row}");
        }
        // Without a remedy there is no row at all, where `wrap` would make an empty one.
        let rows = remedy.map(|remedy| textwrap::wrap(remedy, text_width.saturating_sub(2).max(1))).unwrap_or_default();
        for (at, row) in rows.iter().enumerate() {
            let arrow = if at == 0 { "→" } else { " " };
            let _ = write!(out, "\n{margin}{} {}", style(arrow).cyan(), row);
        }
        let trimmed: Vec<&str> = out.lines().map(str::trim_end).collect();
        trimmed.join("\n") + "\n"
    }
}

fn summary(report: &Report) -> String {
    let counts =
        [(State::Pass, "passed"), (State::Warn, "to look at"), (State::Fail, "failed"), (State::Skip, "skipped")];
    let told: Vec<String> = counts
        .into_iter()
        .map(|(state, word)| (state, word, report.count(state)))
        .filter(|(state, _, count)| *count > 0 || *state == State::Fail)
        .map(|(state, word, count)| {
            let text = style(format!("{count} {word}"));
            match state {
                State::Warn => text.yellow(),
                State::Fail if count > 0 => text.red().bold(),
                State::Fail => text.green(),
                State::Pass | State::Skip => text,
            }
            .to_string()
        })
        .collect();
    told.join(", ")
}
