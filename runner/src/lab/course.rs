//! The course of a scenario: what of its events is asked for while it goes on.

use std::time::Duration;

use crate::cost::Marked;
use crate::event::{Place, What};

/// What has happened so far.
#[derive(Debug, Default)]
pub struct Course {
    pub marks: Vec<Marked>,
    sections: Vec<(Duration, String)>,
    calls: Vec<Call>,
}

/// A call of a host function.
#[derive(Debug)]
struct Call {
    number: u32,
    what: String,
    place: Place,
    from: Duration,
    to: Option<Duration>,
}

impl Course {
    pub fn take(&mut self, at: Duration, what: &What) {
        match what {
            What::Marked(mark) => self.marks.push(Marked {
                at,
                mark: mark.clone(),
            }),
            What::SectionStarted { title, .. } => self.sections.push((at, title.clone())),
            What::CallStarted { call, what, place } => self.calls.push(Call {
                number: *call,
                what: what.clone(),
                place: place.clone(),
                from: at,
                to: None,
            }),
            What::CallFinished { call, .. } => {
                let open = self.calls.iter_mut().rfind(|it| it.number == *call);
                if let Some(open) = open {
                    open.to = Some(at);
                }
            }
            _ => {}
        }
    }

    /// Where the scenario was at a time: the section, and during or between which calls.
    pub fn around(&self, at: Duration) -> String {
        let section = self.sections.iter().rfind(|(from, _)| *from <= at);
        let section = section.map(|(_, title)| format!("in the step `{title}`"));
        let during = (self.calls.iter())
            .rfind(|it| it.from <= at && it.to.is_none_or(|to| at <= to))
            .map(|it| format!("during {it}"));
        let after = || {
            let call = self
                .calls
                .iter()
                .rfind(|it| it.to.is_some_and(|to| to < at));
            call.map(|it| format!("after {it}"))
        };
        let before = || {
            let call = self.calls.iter().find(|it| it.from > at);
            call.map(|it| format!("before {it}"))
        };
        let calls = match during {
            Some(during) => vec![Some(during)],
            None => vec![after(), before()],
        };
        let words: Vec<_> = [vec![section], calls]
            .concat()
            .into_iter()
            .flatten()
            .collect();
        words.join(", ")
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Place { file, line, column } = &self.place;
        write!(formatter, "`{}` ({file}:{line}:{column})", self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    #[test]
    fn a_time_lies_in_a_step_and_within_a_call_or_between_two() {
        let mut course = Course::default();
        let place = |line| Place {
            file: "a.rhai".to_owned(),
            line,
            column: 1,
        };
        let call = |call: u32, what: &str, from, to| {
            let started = What::CallStarted {
                call,
                what: what.to_owned(),
                place: place(call as usize),
            };
            let finished = What::CallFinished {
                call,
                took: ms(to - from),
                problem: None,
            };
            [(ms(from), started), (ms(to), finished)]
        };
        let section = What::SectionStarted {
            title: "Failover".to_owned(),
            place: place(1),
        };
        let calls = [call(2, "kill p1", 20, 30), call(3, "promote p2", 40, 50)];
        for (at, what) in [(ms(10), section)].into_iter().chain(calls.concat()) {
            course.take(at, &what);
        }
        let around = [5, 15, 20, 35, 45, 60].map(|at| format!("{at}: {}", course.around(ms(at))));
        insta::assert_snapshot!(around.join("\n"), @"
        5: before `kill p1` (a.rhai:2:1)
        15: in the step `Failover`, before `kill p1` (a.rhai:2:1)
        20: in the step `Failover`, during `kill p1` (a.rhai:2:1)
        35: in the step `Failover`, after `kill p1` (a.rhai:2:1), before `promote p2` (a.rhai:3:1)
        45: in the step `Failover`, during `promote p2` (a.rhai:3:1)
        60: in the step `Failover`, after `promote p2` (a.rhai:3:1)
        ");
    }
}
