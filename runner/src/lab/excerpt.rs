//! A server's log in its scenario's time: the lines around what happened.

use std::io::Read;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::event::{LogLine, What};
use crate::problem::Problem;

use super::Sink;
use super::node::{LOG, Node, Power};

/// A log that is not longer than this is told as a whole.
const LINES: usize = 200;
/// Bytes of its end that are looked at.
const END: usize = 1 << 18;
/// Characters of a line.
const LENGTH: usize = 600;
/// Before and after a mark.
const BEFORE: Duration = Duration::from_secs(1);
const AFTER: Duration = Duration::from_secs(5);

/// Bytes of the log of a machine that is off.
const ALL: usize = 1 << 24;

/// What has not been read by then is left out.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells what is in the logs of these nodes; a node that has none has nothing to tell. It is an
/// addition: what can't be had in time is left out.
pub(super) async fn tell_logs(nodes: &[&Node], sink: &Sink) {
    let with = |wanted: fn(&Power) -> bool| {
        let fits = move |it: &&&Node| {
            it.needs_postgres().is_ok() && wanted(&it.power.lock().expect("no panic holds it"))
        };
        nodes.iter().filter(fits)
    };
    let on = with(|it| matches!(it, Power::On(_))).map(|it| async { (*it, read(it, sink).await) });
    let off = with(|it| matches!(it, Power::Off(_))).map(|it| async { (*it, fetch(it).await) });
    let (on, off) = tokio::join!(in_time(on), in_time(off));
    // All machines of an engine have its clock. If none is on, it is taken to be ours.
    let ours = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let ours = ours().ok().and_then(|it| it.checked_sub(sink.elapsed()));
    let begun = on.iter().find_map(|(_, log)| log.begun).or(ours);
    for (node, log) in on.iter().chain(&off) {
        log.tell(node, sink, begun.unwrap_or_default());
    }
}

/// The logs that could be had in time.
async fn in_time<'a>(
    looks: impl Iterator<Item = impl Future<Output = (&'a Node, Result<Option<Log>, Problem>)>>,
) -> Vec<(&'a Node, Log)> {
    let looks = looks.map(|it| timeout(PATIENCE, it));
    let found = join_all(looks).await.into_iter().flatten();
    found
        .filter_map(|(node, log)| Some((node, log.ok()??)))
        .collect()
}

/// A server's log, or its end.
struct Log {
    /// When the run began by the clock of its machine, since its epoch; none: the machine is off.
    begun: Option<Duration>,
    /// How many lines it has in all.
    count: usize,
    text: String,
}

impl Log {
    fn tell(&self, node: &Node, sink: &Sink, begun: Duration) {
        let marks: Vec<_> = (sink.marks(Duration::ZERO..=sink.elapsed()).iter())
            .map(|it| it.at)
            .collect();
        let lines = excerpt(&self.text, begun, &marks);
        if lines.is_empty() {
            return;
        }
        sink.send(What::ServerLog {
            node: node.name.clone(),
            left_out: self.count.saturating_sub(lines.len()),
            lines,
        });
    }
}

async fn read(node: &Node, sink: &Sink) -> Result<Option<Log>, Problem> {
    let script = format!("[ ! -f {LOG} ] || {{ date +%s.%N; wc -l <{LOG}; tail -c {END} {LOG}; }}");
    let said = node.must("reading the server's log", &script).await?;
    let mut parts = said.splitn(3, '\n');
    let (Some(now), Some(count), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(None);
    };
    let now = now.parse().ok().map(Duration::try_from_secs_f64);
    let now = now.and_then(Result::ok);
    Ok(Some(Log {
        begun: now.and_then(|it| it.checked_sub(sink.elapsed())),
        count: count.trim().parse().unwrap_or_default(),
        text: text.to_owned(),
    }))
}

/// The log of a machine that is off: the engine reads it.
async fn fetch(node: &Node) -> Result<Option<Log>, Problem> {
    let archive = node.engine.download(&node.container, LOG, ALL).await?;
    let mut archive = tar::Archive::new(archive.as_slice());
    let entry = (archive.entries().ok()).and_then(|mut it| it.next()?.ok());
    let Some(mut entry) = entry else {
        return Ok(None);
    };
    let mut text = Vec::new();
    // A log that is longer is read as far as it is here.
    let _ = entry.read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text);
    Ok(Some(Log {
        begun: None,
        count: text.lines().count(),
        text: text.into_owned(),
    }))
}

/// The lines around the marks, or all if they are few. `clock` is the wall clock's time at the start
/// of the run, since its epoch.
fn excerpt(text: &str, clock: Duration, marks: &[Duration]) -> Vec<LogLine> {
    let mut last = None;
    let mut lines: Vec<_> = (text.lines())
        .map(|line| {
            let at = moment(line).and_then(|it| it.checked_sub(clock));
            // A line without a time goes on with the one before.
            last = at.or(last);
            let text = line.chars().take(LENGTH).collect();
            (last, LogLine { at, text })
        })
        .collect();
    if lines.len() > LINES {
        let near = |at: Duration| {
            let mut marks = marks.iter();
            marks.any(|mark| at + BEFORE >= *mark && at <= *mark + AFTER)
        };
        lines.retain(|(at, _)| at.is_some_and(near));
        lines.truncate(LINES);
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The time that a line begins with, as `%m` of `log_line_prefix` has it. Other time zones than UTC
/// have names that say little.
fn moment(line: &str) -> Option<Duration> {
    let (time, _) = line.split_once(" UTC").or(line.split_once(" GMT"))?;
    let moment = humantime::parse_rfc3339_weak(time).ok()?;
    moment.duration_since(SystemTime::UNIX_EPOCH).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 15:00:00 UTC.
    const CLOCK: Duration = Duration::from_hours(498_687);

    fn told(lines: &[LogLine]) -> String {
        let line = |it: &LogLine| match it.at {
            Some(at) => format!("{at:?}  {}", it.text),
            None => format!("-  {}", it.text),
        };
        lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn lines_get_the_time_of_the_events_if_they_have_one() {
        let log = "2026-11-21 15:00:01.250 UTC [9] LOG:  starting PostgreSQL 17.12\n\
                   \tand a line of its own\n\
                   2026-11-21 16:00:01.250 CET [9] LOG:  elsewhere\n\
                   2026-11-21 14:59:59 UTC [9] LOG:  before the run\n\
                   pg_ctl: nobody said when";
        insta::assert_snapshot!(told(&excerpt(log, CLOCK, &[])), @"
        1.25s  2026-11-21 15:00:01.250 UTC [9] LOG:  starting PostgreSQL 17.12
        -  	and a line of its own
        -  2026-11-21 16:00:01.250 CET [9] LOG:  elsewhere
        -  2026-11-21 14:59:59 UTC [9] LOG:  before the run
        -  pg_ctl: nobody said when
        ");
    }

    #[test]
    fn a_long_log_is_told_around_the_marks() {
        let line = |second: u64| {
            let at = SystemTime::UNIX_EPOCH + CLOCK + Duration::from_secs(second);
            let time = humantime::format_rfc3339_millis(at).to_string();
            format!(
                "{} UTC [9] LOG:  {second}\n  more of {second}",
                time.replace('T', " ").trim_end_matches('Z')
            )
        };
        let log: Vec<_> = (0..300).map(line).collect();
        let marks = [100, 290].map(Duration::from_secs);
        let lines = excerpt(&log.join("\n"), CLOCK, &marks);
        insta::assert_snapshot!(told(&lines), @"
        99s  2026-11-21 15:01:39.000 UTC [9] LOG:  99
        -    more of 99
        100s  2026-11-21 15:01:40.000 UTC [9] LOG:  100
        -    more of 100
        101s  2026-11-21 15:01:41.000 UTC [9] LOG:  101
        -    more of 101
        102s  2026-11-21 15:01:42.000 UTC [9] LOG:  102
        -    more of 102
        103s  2026-11-21 15:01:43.000 UTC [9] LOG:  103
        -    more of 103
        104s  2026-11-21 15:01:44.000 UTC [9] LOG:  104
        -    more of 104
        105s  2026-11-21 15:01:45.000 UTC [9] LOG:  105
        -    more of 105
        289s  2026-11-21 15:04:49.000 UTC [9] LOG:  289
        -    more of 289
        290s  2026-11-21 15:04:50.000 UTC [9] LOG:  290
        -    more of 290
        291s  2026-11-21 15:04:51.000 UTC [9] LOG:  291
        -    more of 291
        292s  2026-11-21 15:04:52.000 UTC [9] LOG:  292
        -    more of 292
        293s  2026-11-21 15:04:53.000 UTC [9] LOG:  293
        -    more of 293
        294s  2026-11-21 15:04:54.000 UTC [9] LOG:  294
        -    more of 294
        295s  2026-11-21 15:04:55.000 UTC [9] LOG:  295
        -    more of 295
        ");
        assert!(excerpt(&log.join("\n"), CLOCK, &[]).is_empty());
    }
}
