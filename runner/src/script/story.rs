//! The story: sections, prose, what is compared, and what is done at the end.

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Dynamic, Engine, FnPtr};

use super::checks::called;
use super::prose::TELL;
use super::raise::{RhaiResultOf, misuse, place, problem, raise, session, stage};
use crate::event::What;

pub fn register(engine: &mut Engine) {
    engine.register_fn(TELL, |call: NativeCallContext<'_>, text: &str| {
        stage(&call).tell(text);
    });
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Begins a section of the transcript: the tutorial's heading, the run's line on the terminal.
    /// Variables live on. Titles must differ.
    ///
    /// ```rhai
    /// step("A server");
    /// let p1 = start_node("p1");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn step(call: NativeCallContext<'_>, title: &str) -> RhaiResultOf<()> {
        if title.trim().is_empty() || title.contains('\n') {
            return Err(misuse(&call, "a step needs a title of one line"));
        }
        let (session, place) = (session(&call), place(&call));
        session.pause_before(title, &place).map_err(raise)?;
        session.sink.send(What::SectionStarted {
            title: title.to_owned(),
            place,
        });
        Ok(())
    }

    /// Adds a paragraph of prose, in Markdown, where a comment does not do: prose from a variable.
    /// Comments (`//`) at the start of a line are prose by themselves.
    ///
    /// ```rhai
    /// note("Nothing is lost *yet*.");
    /// ```
    pub fn note(call: NativeCallContext<'_>, markdown: &str) {
        session(&call).sink.send(What::Prose {
            text: markdown.to_owned(),
        });
    }

    /// What is shown in the closure is compared, and is in the script of the tutorial
    /// (`pgdrill tutorial --format sh`), but readers don't see it: for what must be done and would lead
    /// away from the story. Prose in it is told to nobody. Returns what the closure returns.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// hide(|| psql(p1, "create table filler as select generate_series(1, 1000) as i"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn hide(call: NativeCallContext<'_>, body: FnPtr) -> RhaiResultOf<Dynamic> {
        let session = session(&call);
        session.sink.send(What::HidingStarted);
        let value = called(&call, &body);
        session.sink.send(What::HidingFinished);
        value
    }

    /// Plays a scenario within the scenario, to play the same drill twice: its own nodes, names and
    /// volumes. All of it is gone when it ends. Returns what the closure returns.
    ///
    /// ```rhai
    /// for mode in ["fast", "immediate"] {
    ///     lab(mode, || {
    ///         let p1 = start_node("p1");
    ///         stop_server(p1, mode);
    ///     });
    /// }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn lab(call: NativeCallContext<'_>, title: &str, body: FnPtr) -> RhaiResultOf<Dynamic> {
        let session = session(&call);
        session.open_lab(title);
        let played = called(&call, &body);
        if let Err(error) = &played {
            session.pause_after(&problem(error, &place(&call).file));
        }
        let unfinished = stage(&call).finish(call.engine()).into_iter().next();
        let ended = session.close_lab(&place(&call));
        let value = played?;
        unfinished.map_or(Ok(()), Err).and(ended).map_err(raise)?;
        Ok(value)
    }

    /// Compares a text (or anything else, as text) with a snapshot of its own beside the
    /// transcript's, `snapshots/<scenario>__<name>.snap`.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// snapshot("databases", query(p1, "select datname from pg_database order by 1"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn snapshot(call: NativeCallContext<'_>, name: &str, value: Dynamic) -> RhaiResultOf<()> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(fits) {
            return Err(misuse(
                &call,
                format!("`{name}` is no name for a snapshot: letters, digits, `-` and `_`"),
            ));
        }
        session(&call).sink.send(What::SideSnapshot {
            name: name.to_owned(),
            text: lines(&value),
            place: place(&call),
        });
        Ok(())
    }

    /// From here on, what matches the regular expression is shown as `<placeholder:1>`, numbered by
    /// value; with a group, only the group is. A placeholder in `<…>` is shown as it is, without a
    /// number: for what may be equal by chance. An empty one takes the match out: for a line that
    /// comes or doesn't.
    ///
    /// ```rhai
    /// redact("lag is ([0-9]+) bytes", "lag");
    /// redact("[0-9]+ seconds ago", "<a while ago>");
    /// redact("(?m)^WARNING: .* is not there yet\\n", "");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn redact(call: NativeCallContext<'_>, regex: &str, placeholder: &str) -> RhaiResultOf<()> {
        if let Err(error) = regex::Regex::new(regex) {
            return Err(misuse(
                &call,
                format!("`{regex}` is no regular expression: {error}"),
            ));
        }
        session(&call).sink.send(What::RedactionAdded {
            regex: regex.to_owned(),
            placeholder: placeholder.to_owned(),
        });
        Ok(())
    }

    /// Switches placeholders of a kind off from here on: such values are shown and compared as they
    /// are. Kinds: backup, uuid, mac, offset, wal, timestamp, duration, lsn, system-identifier, xid, oid,
    /// pid, port, container, version.
    ///
    /// ```rhai
    /// keep("xid");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn keep(call: NativeCallContext<'_>, kind: &str) -> RhaiResultOf<()> {
        if !crate::redact::kinds().any(|it| it == kind) {
            let kinds: Vec<_> = crate::redact::kinds().collect();
            let message = format!("`{kind}` is no kind of placeholder: {}", kinds.join(", "));
            return Err(misuse(&call, message));
        }
        session(&call).sink.send(What::RedactionDropped {
            kind: kind.to_owned(),
        });
        Ok(())
    }

    /// Has the closure run at the end of the scenario, whatever happens until then; the last one
    /// first, each with a minute at most.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// finally(|| print(server_log(p1)));
    /// ```
    #[expect(deprecated, reason = "not deprecated, the note says, but volatile")]
    pub fn finally(call: NativeCallContext<'_>, body: FnPtr) {
        let stage = stage(&call);
        let context = call.store_data();
        let file = place(&call).file;
        stage.at_the_end(Box::new(move |engine: &Engine| {
            let call = context.create_context(engine);
            called(&call, &body)
                .map(drop)
                .map_err(|error| problem(&error, &file))
        }));
    }
}

/// A value as lines: an array's items on a line each.
fn lines(value: &Dynamic) -> String {
    match value.clone().try_cast::<rhai::Array>() {
        Some(items) => items
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
        None => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::redact;
    use crate::script::manual;

    #[test]
    fn the_manual_of_keep_names_all_kinds() {
        let manual = manual::find("keep").remove(0).text.replace('\n', " ");
        let kinds: Vec<_> = redact::kinds().collect();
        assert!(
            manual.contains(&format!("Kinds: {}.", kinds.join(", "))),
            "{manual}\n{kinds:?}"
        );
    }
}
