//! The table of kinds: what is redacted, and by what it is known. Earlier lines go before later ones.

/// One way to know a value of a kind.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) number: Number,
    pub(super) scope: Scope,
    /// The value is the first group, or all if there is none; in a column it is the whole cell.
    pub(super) pattern: &'static str,
    /// The value is a whole token, and these letters join it to a longer one; none: the pattern says
    /// where it begins and ends.
    pub(super) joiners: Option<&'static str>,
    pub(super) accepts: fn(&str) -> bool,
}

/// How values of a kind are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// The same value has the same number in the whole scenario.
    Scenario,
    /// So too, and the timeline in a WAL file's name stays visible.
    Timeline,
    /// The same on one node.
    Node,
    /// Not: values are equal by chance.
    None,
    /// The placeholder is used as it stands.
    Verbatim,
}

/// Where values of a kind are looked for.
#[derive(Debug)]
pub(super) enum Scope {
    Anywhere,
    OutsideTables,
    /// In cells of columns whose name matches.
    Columns(&'static str),
}

/// Whole tokens, known by their look.
const fn token(name: &'static str, pattern: &'static str, joiners: &'static str) -> Kind {
    Kind {
        joiners: Some(joiners),
        ..near(name, pattern)
    }
}

/// Known by what stands around the first group.
const fn near(name: &'static str, pattern: &'static str) -> Kind {
    let number = Number::Scenario;
    Kind {
        name,
        number,
        scope: Scope::Anywhere,
        pattern,
        joiners: None,
        accepts: |_| true,
    }
}

/// Known by the column.
const fn column(name: &'static str, names: &'static str, pattern: &'static str) -> Kind {
    Kind {
        scope: Scope::Columns(names),
        ..near(name, pattern)
    }
}

impl Kind {
    const fn number(self, number: Number) -> Self {
        Self { number, ..self }
    }

    const fn accepts(self, accepts: fn(&str) -> bool) -> Self {
        Self { accepts, ..self }
    }

    const fn outside_tables(self) -> Self {
        Self {
            scope: Scope::OutsideTables,
            ..self
        }
    }
}

pub(super) const KINDS: &[Kind] = &[
    token("backup", r"\b\d{8}T\d{6}Z-[0-9a-f]{4,}\b", ""),
    token("uuid", r"\b(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", ""),
    token("mac", r"\b(?i)[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b", ":").accepts(is_own_mac),
    // history files (`00000002.history`) stay: their name is a timeline
    near("offset", r"\b[0-9A-F]{24}\.([0-9A-F]{8})\.backup\b").number(Number::None),
    token("wal", r"\b0000[0-9A-F]{20}\b", "").number(Number::Timeline),
    // timestamps
    token("timestamp", concat!(
        r"\b\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?",
        r"(?:Z|[+-]\d{2}(?::?\d{2}){0,2}| (?:UTC|GMT|CES?T|EES?T|WES?T|BST|MSK|IST|JST|[ECMP][SD]T))?",
    ), ":"),
    token("timestamp", concat!(
        r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:[A-Z][a-z]{2} {1,2}\d{1,2}|\d{1,2} [A-Z][a-z]{2} \d{4})",
        r" \d{2}:\d{2}:\d{2}(?: [AP]M)?(?: [A-Z]{3,4})?(?: \d{4})?",
    ), ":"),
    // durations: ping, psql's \timing, EXPLAIN, the server's log
    near("duration", r"= (\d+\.\d+(?:/\d+\.\d+){2,3} ms)\b").number(Number::None),
    near("duration", r"\b(?i)time:? ?[=<]? ?(\d+(?:\.\d+)? ?ms(?: \(\d+:[\d:.]+\))?)").number(Number::None),
    near("duration", r"\bactual time=(\d+\.\d+\.\.\d+\.\d+)").number(Number::None),
    near("duration", r"\b(?:write|sync|total|longest|average)=(\d+\.\d+ s)\b").number(Number::None),
    near("duration", r"\b(?i)(?:in|after|took|duration:|elapsed:?|elapsed time:) (\d+\.\d+ ?(?:s|ms|sec|seconds)\b)")
        .number(Number::None),
    near("duration", r"\belapsed: (\d+\.\d+ s)").number(Number::None),
    column("duration", r"(?:write|flush|replay)_lag|duration|elapsed", r"-?\d+:\d{2}:\d{2}(?:\.\d+)?")
        .number(Number::None),
    // LSNs: by their look only when the part after the slash is long
    column("lsn", concat!(
        r"(?:.*_)?(?:lsn|location|wal_insert|redo)|pg_current_wal_.*|pg_last_wal_.*|pg_switch_wal",
        r"|pg_create_restore_point|pg_backup_start|pg_start_backup|pg_stop_backup",
    ), r"[0-9A-F]{1,8}/[0-9A-F]{1,8}").accepts(is_real_lsn),
    token("lsn", r"\b[0-9A-F]{1,8}/[0-9A-F]{5,8}\b", "/.-").accepts(is_real_lsn),
    near("lsn", r"\b(?i)(?:lsn|redo|location|position|starting point:?|record at)[:= ]+'?([0-9A-F]{1,8}/[0-9A-F]{1,8})\b")
        .accepts(is_real_lsn),
    // system identifiers
    column("system-identifier", r"system_?(?:identifier|id)", r"\d{15,20}"),
    near("system-identifier", r"\b(?i)identifier:?(?: is)? +(\d{15,20})\b"),
    token("system-identifier", r"\b7\d{18}\b", "./-").outside_tables(),
    // transaction ids; small ones have a meaning, and so has xmax 0
    column("xid", concat!(
        r"xmin|xmax|(?:.*_)?xid|.*_xmin|.*_xmax|transactionid|txid_current(?:_if_assigned)?",
        r"|pg_current_xact_id(?:_if_assigned)?|next_xid|oldest_.*xid",
    ), r"\d+").accepts(|value| value.len() > 2),
    near("xid", r"\b(?i)(?:transaction(?: id)?|\w*xids?|xmin|xmax|xact|tx)(?: = | is |[:= ])[ ']*(?:\d+:)?(\d{3,})\b"),
    // OIDs of what the initial cluster has not got
    column("oid", r"(?:.*_)?oid|(?:pg_relation_)?(?:rel)?filenode|datid|relid|indexrelid|objid|classid|usesysid", r"\d+")
        .number(Number::Node).accepts(is_own_oid),
    near("oid", r"\bbase/(\d+)\b").number(Number::Node).accepts(is_own_oid),
    near("oid", r"\bbase/(?:\d+|<oid:\d+>)/(\d+)").number(Number::Node).accepts(is_own_oid),
    near("oid", r"\b1663/(\d+)/\d+\b").number(Number::Node).accepts(is_own_oid),
    near("oid", r"\b1663/(?:\d+|<oid:\d+>)/(\d+)\b").number(Number::Node).accepts(is_own_oid),
    near("oid", r"\b(?:pg_tblspc/|pg_toast_|pg_temp_)(\d+)").number(Number::Node).accepts(is_own_oid),
    near("oid", r"\b(?i)(?:relation|database) (\d+)\b").number(Number::Node).accepts(is_own_oid),
    near("oid", r"\b(?i)(?:\w*oid|relfilenode|filenode)(?: = |[:= ]) *(\d+)\b")
        .number(Number::Node).accepts(is_own_oid),
    // processes
    column("pid", r"(?:.*_)?pid|pg_backend_pid|procpid", r"\d+").number(Number::None),
    column("pid", r"pg_blocking_pids|.*_pids", r"\{(\d+)\}").number(Number::None),
    near("pid", r"\b(?i)(?:pid|process)(?: = |[:= ]) *(\d+)\b").number(Number::None),
    near("pid", r"\d{2}:\d{2}(?:\.\d+)?(?: [A-Z]{3,4})? \[(\d+)(?:-\d+)?\]").number(Number::None),
    near("pid", r"\[(\d+)(?:-\d+)?\][^\n]*\b(?:LOG|ERROR|FATAL|PANIC|WARNING|DETAIL|HINT|STATEMENT):")
        .number(Number::None),
    // ports that the kernel chose
    column("port", r"client_port", r"\d+").number(Number::None),
    near("port", r"(?:\d{1,3}\.){3}\d{1,3}\((\d{4,5})\)").number(Number::None),
    near("port", r"(?:(?:\d{1,3}\.){3}\d{1,3}:|\bport[= ])(\d{5})\b")
        .number(Number::None).accepts(|port| port.parse().is_ok_and(|port: u32| port >= 32768)),
    // ids of containers
    near("container", r"(?m)^([0-9a-f]{64})$").outside_tables(),
    token("container", r"\b[0-9a-f]{12}\b", "/.-:").outside_tables().accepts(is_mixed),
    // the server's version
    near("version", r"\b(PostgreSQL \d[\w.]*(?: \([^)\n]*\))? on [^\n]*?(?:32|64)-bit)").number(Number::None),
    near("version", r"\(PostgreSQL\) (\d[\w.]*(?: \([^)\n]*\))?)").number(Number::None),
    column("version", r"(?:server_)?version", r"\d+(?:\.\d+|devel|beta\d+|rc\d+)(?: \(.*\))?").number(Number::None),
    column("version", r"server_version_num", r"\d{5,6}").number(Number::None),
    near("version", r"\bserver (\d+\.\d+(?: \([^)\n]*\))?)").number(Number::None),
];

/// Not the broadcast address, nor none.
fn is_own_mac(value: &str) -> bool {
    let first = &value[..2];
    value
        .split(':')
        .any(|byte| byte != first || !matches!(first, "ff" | "FF" | "00"))
}

/// `0/0` means: none.
fn is_real_lsn(value: &str) -> bool {
    value.bytes().any(|byte| byte != b'0' && byte != b'/')
}

/// Smaller ones are the same in every cluster of a major.
fn is_own_oid(value: &str) -> bool {
    value.parse().is_ok_and(|oid: u32| oid >= 16384)
}

/// A number alone is no container's id, nor is a word.
fn is_mixed(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}
