//! The bill: what a scenario's faults cost, a column for each workload.

use std::time::Duration;

use crate::cost::{Cost, Outage};
use crate::event::What;

/// Widths of the names, at least, and of a column.
const NAMES: usize = 29;
const COLUMN: usize = 23;
/// The first row of what a workload tells.
const SERVICE: &str = "out of service";
/// Columns that stand side by side.
const ABREAST: usize = 3;

/// What a scenario's workloads went through.
#[derive(Debug, Default)]
pub struct Bill {
    lab: Option<String>,
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    lab: Option<String>,
    title: String,
    rows: Vec<(String, String)>,
}

impl Bill {
    pub fn take(&mut self, what: &What) {
        match what {
            What::LabStarted { title } => self.lab = Some(title.clone()),
            What::LabFinished { .. } => self.lab = None,
            What::WorkloadStopped {
                target,
                connect_timeout,
                answer_timeout,
                cost,
                ..
            } => {
                let patience = match (connect_timeout, answer_timeout) {
                    (one, other) if one == other => time(*one),
                    (connect, answer) => format!("{}, {}", time(*connect), time(*answer)),
                };
                let mut rows = rows(cost);
                rows.push(("clients give up after".to_owned(), patience));
                let title = self.lab.as_ref().unwrap_or(target).clone();
                let lab = self.lab.clone();
                self.columns.push(Column { lab, title, rows });
            }
            What::InvariantEnded {
                invariant,
                definite,
                unknown,
                violated,
            } => {
                let cell = match (violated, definite, unknown) {
                    (true, _, _) => "violated".to_owned(),
                    (false, 0, _) => "not known".to_owned(),
                    (false, _, 0) => "held".to_owned(),
                    (false, _, unknown) => format!("held ({unknown} unknown)"),
                };
                let rows = &mut self.column().rows;
                rows.push((invariant.clone(), cell));
            }
            _ => {}
        }
    }

    /// The lab's last column, or one for what holds there without a workload.
    fn column(&mut self) -> &mut Column {
        let own = self.columns.iter().rposition(|it| it.lab == self.lab);
        let at = own.unwrap_or_else(|| {
            self.columns.push(Column {
                lab: self.lab.clone(),
                title: self.lab.clone().unwrap_or_default(),
                rows: Vec::new(),
            });
            self.columns.len() - 1
        });
        &mut self.columns[at]
    }

    /// The tables; no lines if nothing was measured.
    pub fn lines(&self) -> Vec<String> {
        self.columns.chunks(ABREAST).flat_map(table).collect()
    }
}

fn table(columns: &[Column]) -> Vec<String> {
    let names = names(columns);
    let measured = names.contains(&SERVICE);
    let head = if measured {
        "what it cost"
    } else {
        "what held"
    };
    let longest = names.iter().map(|it| it.chars().count() + 2).max();
    let width = longest.unwrap_or_default().max(NAMES);
    let line = |name: &str, cells: Vec<&str>| {
        let cells = cells.iter().map(|it| format!("{it:<COLUMN$}"));
        let line = format!("{name:<width$}{}", cells.collect::<String>());
        line.trim_end().to_owned()
    };
    let titles = columns.iter().map(|it| it.title.as_str()).collect();
    let mut lines = vec![line(head, titles)];
    for name in names {
        let cells = columns.iter().map(|it| it.cell(name)).collect();
        lines.push(line(name, cells));
    }
    lines
}

/// The rows' names, each once, in the order of the columns that have them.
fn names(columns: &[Column]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for column in columns {
        let mut at = 0;
        for (name, _) in &column.rows {
            at = names.iter().position(|it| it == name).unwrap_or_else(|| {
                names.insert(at, name);
                at
            }) + 1;
        }
    }
    names
}

impl Column {
    fn cell(&self, name: &str) -> &str {
        let row = self.rows.iter().find(|(it, _)| it == name);
        row.map_or("", |(_, cell)| cell)
    }
}

fn rows(cost: &Cost) -> Vec<(String, String)> {
    let mut rows = vec![(SERVICE, service(cost))];
    let phases = [
        ("  noticed", cost.phases.detect),
        ("  promoted, writable", cost.phases.promote),
        ("  address moved", cost.phases.relocate),
        ("  clients back", cost.phases.reconnect),
    ];
    let phases = phases
        .into_iter()
        .filter_map(|(name, phase)| Some((name, format!("  {:.2}", phase?.as_secs_f64()))));
    rows.extend(phases);
    // Service may have gone later than the fault that it is counted for.
    if let (Some(rto), Some(gap)) = (cost.rto, cost.gap)
        && gap > rto
    {
        rows.push(("longest silence", time(gap)));
    }
    rows.push((
        "acknowledged writes lost",
        format!("{} of {}", cost.lost, cost.acked),
    ));
    rows.push(("in doubt", in_doubt(cost)));
    if cost.phantom > 0 {
        rows.push(("phantom rows", cost.phantom.to_string()));
    }
    (rows.into_iter())
        .map(|(name, cell)| (name.to_owned(), cell))
        .collect()
}

fn service(cost: &Cost) -> String {
    if let Some(Outage { lasted, .. }) = cost.outages.iter().rfind(|it| !it.over) {
        return format!("not back after {}", time(*lasted));
    }
    let gap = || {
        cost.gap
            .map_or(String::new(), |it| format!(" (gap {})", time(it)))
    };
    cost.rto.map_or_else(|| format!("no fault{}", gap()), time)
}

fn in_doubt(cost: &Cost) -> String {
    match (cost.in_doubt_present, cost.in_doubt_absent) {
        (0, 0) => "0".to_owned(),
        (there, 0) => format!("{there} (there)"),
        (0, absent) => format!("{absent} (not there)"),
        (there, absent) => format!("{} ({there} there)", there + absent),
    }
}

fn time(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::{Phases, Writes};

    fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    fn stopped(cost: Cost) -> What {
        What::WorkloadStopped {
            target: "p1".to_owned(),
            connect_timeout: ms(1000),
            answer_timeout: ms(1000),
            cost,
            writes: Writes::default(),
        }
    }

    fn outage(lasted: u64, over: bool) -> Vec<Outage> {
        vec![Outage {
            fault: "kill p1".to_owned(),
            from: ms(40),
            lasted: ms(lasted),
            over,
        }]
    }

    fn held(definite: u64, unknown: u64, violated: bool) -> What {
        What::InvariantEnded {
            invariant: "one primary".to_owned(),
            definite,
            unknown,
            violated,
        }
    }

    fn table(events: &[What]) -> String {
        let mut bill = Bill::default();
        for event in events {
            bill.take(event);
        }
        bill.lines().join("\n")
    }

    #[test]
    fn each_lab_has_its_column() {
        let lab = |title: &str| What::LabStarted {
            title: title.to_owned(),
        };
        let failover = Cost {
            acked: 1204,
            lost: 3,
            in_doubt_absent: 1,
            outages: outage(1120, true),
            rto: Some(ms(1120)),
            phases: Phases {
                detect: Some(ms(610)),
                promote: Some(ms(210)),
                relocate: Some(ms(90)),
                reconnect: Some(ms(210)),
            },
            ..Cost::default()
        };
        let unended = Cost {
            acked: 1177,
            in_doubt_absent: 1,
            in_doubt_present: 2,
            phantom: 1,
            outages: outage(12000, false),
            ..Cost::default()
        };
        let events = [
            lab("Asynchronous"),
            stopped(failover),
            held(40, 3, true),
            lab("Synchronous"),
            stopped(unended),
            held(40, 3, false),
        ];
        insta::assert_snapshot!(table(&events), @"
        what it cost                 Asynchronous           Synchronous
        out of service               1.12 s                 not back after 12.00 s
          noticed                      0.61
          promoted, writable           0.21
          address moved                0.09
          clients back                 0.21
        acknowledged writes lost     3 of 1204              0 of 1177
        in doubt                     1 (not there)          3 (2 there)
        phantom rows                                        1
        clients give up after        1.00 s                 1.00 s
        one primary                  violated               held (3 unknown)
        ");
    }

    #[test]
    fn without_a_fault_the_longest_gap_is_told_and_without_a_workload_nothing() {
        let quiet = Cost {
            acked: 10,
            gap: Some(ms(20)),
            ..Cost::default()
        };
        insta::assert_snapshot!(table(&[stopped(quiet)]), @"
        what it cost                 p1
        out of service               no fault (gap 0.02 s)
        acknowledged writes lost     0 of 10
        in doubt                     0
        clients give up after        1.00 s
        ");
        insta::assert_snapshot!(table(&[held(7, 0, false)]), @"
        what held
        one primary                  held
        ");
        assert_eq!(table(&[]), "");
    }
}
