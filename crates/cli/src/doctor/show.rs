//! The report for people, as wide as their terminal.

use console::{Term, style};
use textwrap::{Options, fill};

use super::report::{Check, Report, State, Verdict};

/// The width where there is no terminal, in columns.
const DEFAULT_WIDTH: usize = 80;

/// The narrowest readable column of sentences.
const MIN_TEXT_WIDTH: usize = 40;

pub(super) fn checklist(report: &Report) -> String {
    let width = Term::stdout().size_checked().map_or(DEFAULT_WIDTH, |(_, columns)| usize::from(columns));
    let first = report.first_to_fix();
    let checks: Vec<(&Check, &Verdict)> = report.checks().collect();
    let groups = checks.chunk_by(|(one, _), (next, _)| one.group == next.group);
    let mut groups: Vec<_> = groups.map(|checks| (checks[0].0.group.heading(), lines(checks))).collect();
    let id_width = groups.iter().flat_map(|(_, lines)| lines).map(|line| line.id.len()).max().unwrap_or_default();
    // The opening shows this remedy.
    let is_first = |line: &&mut Line<'_>| first.is_some_and(|(check, _)| check.id == line.id);
    groups.iter_mut().flat_map(|(_, lines)| lines).filter(is_first).for_each(|line| line.remedy = None);
    let opening = first.map(|(check, verdict)| {
        let heading = if verdict.is_critical { "Critical: fix this first" } else { "Fix this first" };
        (heading, vec![Line::of((check, verdict))])
    });
    let failures: Vec<_> = report.failures().map(|check| Line { remedy: None, ..Line::of(check) }).collect();
    let failed = (!failures.is_empty()).then_some(("Failures", failures));
    let sections = opening.into_iter().chain(groups).chain(failed).map(|(heading, lines)| {
        let lines: String = lines.iter().map(|line| line.laid_out(id_width, width)).collect();
        format!("{}\n{lines}\n", style(heading).bold())
    });
    sections.collect::<String>() + &summary(report)
}

struct Line<'a> {
    state: State,
    id: &'a str,
    text: String,
    remedy: Option<&'a str>,
}

/// The lines of one group. The many rules of a JWT that are followed, and checks that are skipped for one reason, share a line.
fn lines<'a>(checks: &[(&'a Check, &'a Verdict)]) -> Vec<Line<'a>> {
    let (followed, others): (Vec<_>, Vec<_>) =
        checks.iter().partition(|(check, verdict)| check.id.starts_with("jwt-") && verdict.state == State::Pass);
    let (mut skipped, made): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|(_, verdict)| verdict.state == State::Skip);
    skipped.sort_by_key(|(_, verdict)| &verdict.seen);
    let shared = |state, id, text| Line { state, id, text, remedy: None };
    let count = followed.len();
    let rules = (count > 0).then(|| shared(State::Pass, "rules", format!("{count} rules are followed")));
    let skipped = skipped.chunk_by(|(_, one), (_, next)| one.seen == next.seen).map(|same| match same {
        [check] => Line::of(*check),
        same => shared(State::Skip, "skipped", format!("{} checks: {}", same.len(), same[0].1.seen)),
    });
    rules.into_iter().chain(made.into_iter().map(Line::of)).chain(skipped).collect()
}

impl<'a> Line<'a> {
    fn of((check, verdict): (&'a Check, &'a Verdict)) -> Self {
        let (text, remedy) = (verdict.seen.clone(), verdict.remedy.as_deref());
        Self { state: verdict.state, id: &check.id, text, remedy }
    }

    /// Mark and id, then the text and remedy in a column on the right, or below on a narrow terminal.
    fn laid_out(&self, id_width: usize, width: usize) -> String {
        let Self { state, id, text, remedy } = self;
        let mark = match state {
            State::Pass => style("✓").green(),
            State::Warn => style("!").yellow().bold(),
            State::Fail => style("✗").red().bold(),
            State::Skip => style("–").dim(),
        };
        let column = 2 + 2 + id_width + 2;
        let has_room = width >= column + MIN_TEXT_WIDTH;
        let margin = " ".repeat(if has_room { column } else { 4 });
        let wrapped = |text: &str, first: &str, rest: &str| {
            fill(text, Options::new(width).initial_indent(first).subsequent_indent(rest))
        };
        let text = wrapped(text, &margin, &margin);
        let start = if has_room { format!("{id:id_width$}  {}", text.trim_start()) } else { format!("{id}\n{text}") };
        let arrow = format!("{margin}{} ", style("→").cyan());
        let remedy = remedy.map(|remedy| wrapped(remedy, &arrow, &format!("{margin}  ")) + "\n").unwrap_or_default();
        format!("  {mark} {}\n{remedy}", start.trim_end())
    }
}

fn summary(report: &Report) -> String {
    let counts = [State::Pass, State::Warn, State::Fail, State::Skip].map(|state| (state, report.count(state)));
    let counted = counts.into_iter().filter(|(state, count)| *count > 0 || *state == State::Fail);
    let texts = counted.map(|(state, count)| match state {
        State::Pass => format!("{count} passed"),
        State::Warn => style(format!("{count} to look at")).yellow().to_string(),
        State::Fail if count > 0 => style(format!("{count} failed")).red().bold().to_string(),
        State::Fail => style(format!("{count} failed")).green().to_string(),
        State::Skip => format!("{count} skipped"),
    });
    texts.collect::<Vec<_>>().join(", ")
}
