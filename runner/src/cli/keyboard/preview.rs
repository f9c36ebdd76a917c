//! What comes, for somebody who decides whether it shall: a step's title, prose and lines.

use anstyle::{AnsiColor, Effects, Style};

use super::scene::Standing;
use crate::event::Pause;
use crate::script::Step;

const TITLE: Style = Style::new().effects(Effects::BOLD);
const CODE: Style = AnsiColor::Cyan.on_default();
const NUMBER: Style = Style::new().effects(Effects::DIMMED);

/// The step that comes, as it stands in the playbook.
pub fn preview(standing: &Standing) -> String {
    let Pause::Step { title, place } = &standing.pause else {
        return String::new();
    };
    let number = standing.next().map_or(String::new(), |at| {
        format!("{}/{}  ", at + 1, standing.steps.len())
    });
    let mut text = format!("\n{NUMBER}{number}{NUMBER:#}{TITLE}{title}{TITLE:#}\n");
    match standing.next().and_then(|at| standing.steps.get(at)) {
        Some(step) => text.push_str(&lines(&standing.playbook.source, step)),
        None => text = format!("{text}\n  it is begun at {}:{}\n", place.file, place.line),
    }
    text
}

/// Comments as paragraphs, code with the numbers of its lines.
fn lines(source: &str, step: &Step) -> String {
    let all: Vec<_> = source.lines().collect();
    let mut text = String::new();
    let mut before = None;
    for (line, number) in all[..step.last].iter().zip(1..).skip(step.place.line) {
        let prose = line.trim_start().strip_prefix("//");
        let kind = (!line.trim().is_empty()).then_some(prose.is_some());
        // One blank line between paragraphs, whatever stands there.
        if kind != before && kind.is_some() {
            text.push('\n');
        }
        before = kind;
        let shown = match (kind, prose) {
            (None, _) => continue,
            (_, Some(prose)) => format!("  {}\n", prose.trim()),
            (_, None) => format!("{NUMBER}{number:>5} |{NUMBER:#} {CODE}{line}{CODE:#}\n"),
        };
        text.push_str(&shown);
    }
    text
}

/// The outline, with a mark at the step that comes.
pub fn steps(standing: &Standing) -> String {
    let next = standing.next();
    let line = |(at, step): (usize, &Step)| {
        let mark = if next == Some(at) { ">" } else { " " };
        let indent = if step.nested { "  " } else { "" };
        format!("{mark} {:>2}  {indent}{}\n", at + 1, step.title)
    };
    standing.steps.iter().enumerate().map(line).collect()
}

/// The nodes that are there.
pub fn nodes(standing: &Standing) -> String {
    if standing.nodes.is_empty() {
        return "  there are no nodes yet\n".to_owned();
    }
    let rows: Vec<_> = (standing.nodes.iter())
        .map(|it| {
            vec![
                format!("  {}", it.name),
                it.image.clone(),
                it.container.clone(),
            ]
        })
        .collect();
    crate::cli::out::columns(&rows)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::scene::Scene;
    use super::*;
    use crate::event::{Event, Place, What};

    fn standing(line: usize) -> Standing {
        let mut scene = Scene::default();
        scene.take(&Event {
            at: Duration::ZERO,
            scenario: None,
            what: What::ScenarioStarted {
                path: "a.rhai".to_owned(),
                source: "\
step(\"A server\");
let a = start_node(\"a\");

step(\"The accident\");
// Somebody drops
// the wrong table.
psql(a, \"drop table t\");

// It is noticed late.
switch_wal(a);
"
                .to_owned(),
                title: "A".to_owned(),
                introduction: String::new(),
                major: 17,
            },
        });
        scene.standing(&Pause::Step {
            title: "The accident".to_owned(),
            place: Place {
                file: "a.rhai".to_owned(),
                line,
                column: 1,
            },
        })
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn what_comes_is_shown_with_its_prose_and_lines() {
        insta::assert_snapshot!(plain(&preview(&standing(4))), @r#"
    2/2  The accident

      Somebody drops
      the wrong table.

        7 | psql(a, "drop table t");

      It is noticed late.

       10 | switch_wal(a);
"#);
    }

    #[test]
    fn the_outline_marks_what_comes() {
        insta::assert_snapshot!(steps(&standing(4)), @"
       1  A server
    >  2  The accident
");
    }

    #[test]
    fn a_step_of_an_import_is_named_by_its_place() {
        let mut standing = standing(4);
        if let Pause::Step { place, .. } = &mut standing.pause {
            place.file = "scenarios/lib/ha.rhai".to_owned();
        }
        insta::assert_snapshot!(plain(&preview(&standing)), @"
    The accident

      it is begun at scenarios/lib/ha.rhai:4
");
    }
}
