//! psql's tables, found in its output and laid out again.

use proptest::prelude::*;

use super::*;

/// What real psql printed for tables, `\d`, values of several lines and wide letters.
const PRINTED: &str = include_str!("psql.txt");

fn laid_out(output: &str, change: impl Fn(&mut Table)) -> String {
    let shown = parts(output).into_iter().map(|part| match part {
        Part::Text(text) => text,
        Part::Expanded { records, .. } => records.lines().join("\n"),
        Part::Table { mut table, .. } => {
            change(&mut table);
            table.lines().join("\n")
        }
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn laying_out_again_gives_what_psql_printed() {
    assert_eq!(laid_out(PRINTED, |_| ()), PRINTED);
    let fit_all = |table: &mut Table| (0..table.columns.len()).for_each(|at| table.fit(at));
    assert_eq!(laid_out(PRINTED, fit_all), PRINTED);
}

#[test]
fn every_table_of_the_output_is_found_and_nothing_else() {
    let tables = parts(PRINTED).into_iter().filter_map(|part| match part {
        Part::Table { table, .. } => Some(format!(
            "{}{} ({})\n",
            table
                .title
                .map_or(String::new(), |title| format!("{title}: ")),
            table
                .columns
                .iter()
                .map(|c| format!("{} {:?}", c.name, c.align))
                .collect::<Vec<_>>()
                .join(", "),
            table.rows.len(),
        )),
        Part::Expanded { records, .. } => {
            let records = records.records;
            Some(format!(
                "{} records, {:?}\n",
                records.len(),
                records[0].last()
            ))
        }
        Part::Text(_) => None,
    });
    insta::assert_snapshot!(tables.collect::<String>(), @r#"
    id Right, t Left, note Left (2)
    note Left, id Right (2)
    t Left (2)
    héé Right, a Left (1)
    Table "public.foo": Column Left, Type Left, Collation Left, Nullable Left, Default Left (3)
    List of relations: Schema Left, Name Left, Type Left, Owner Left (1)
    ?column? Left (0)
    pid Right, xmin Right, b Left (2)
    2 records, Some(Field { name: "note", value: "a\nbb" })
    QUERY PLAN Left (1)
    id Right, t Left, note Left (1)
    a Left, b Left (1)
    List of roles: Role name Left, Attributes Left, Member of Left (1)
    version Left (1)
    1 records, Some(Field { name: "last_msg_time", value: "x" })
    1 records, Some(Field { name: "x", value: "2" })
    1 records, Some(Field { name: "x", value: "2" })
    1 records, Some(Field { name: "x", value: "2" })
    2 records, Some(Field { name: "x", value: "22222222" })
    1 records, Some(Field { name: "x", value: "2" })
    1 records, Some(Field { name: "stats_reset", value: "2026-11-21 11:46:42.937845+00" })
    "#);
}

#[test]
fn a_changed_cell_moves_the_dashes_and_keeps_the_sides() {
    let output = " pid | t  | n\n-----+----+---\n 123 | ab | 1\n     | c  | \n(2 rows)";
    let changed = laid_out(output, |table| {
        table.rows[0][0] = "<pid>".into();
        table.rows[0][1] = "<timestamp:1>".into();
        table.fit(0);
        table.fit(1);
    });
    insta::assert_snapshot!(changed, @"
      pid  |       t       | n 
    -------+---------------+---
     <pid> | <timestamp:1> | 1
           | c             |  
    (2 rows)
    ");
}

#[test]
fn a_title_is_centred_anew() {
    let output = "   Table \"t\"\n Column | Type \n--------+------\n a      | oid\n";
    let changed = laid_out(output, |table| {
        table.rows[0][1] = "something long".into();
        table.fit(1);
    });
    insta::assert_snapshot!(changed, @r#"
            Table "t"
     Column |      Type      
    --------+----------------
     a      | something long
    "#);
}

#[test]
fn what_only_looks_like_a_table_is_left_alone() {
    for output in [
        "a heading\n---------\ntext",
        " a | b \n---+---\n 1 | 2\n(2 rows)",
        "-----",
        " a  +| b \n head|   \n-----+---\n 1   | 2\n(1 row)",
        "",
    ] {
        assert_eq!(parts(output), [Part::Text(output.to_owned())], "{output}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_of_an_output_is_lost(lines in prop::collection::vec(line(), 0..9)) {
        let output = lines.join("\n");
        let printed = parts(&output).into_iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Table { table, printed } => {
                table.lines();
                printed
            }
            Part::Expanded { records, printed } => {
                records.lines();
                printed
            }
        });
        prop_assert_eq!(printed.collect::<Vec<_>>().join("\n"), output);
    }
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "( [a日☎\u{fe0f} ]{3}[+ ]?)(\\|( [a日 ]{1,2}[+ ]?))?",
        Just("-----+----".to_owned()),
        Just("-----".to_owned()),
        Just("-[ RECORD 1 ]".to_owned()),
        "[a日 ]{1,3}\\| [a+ ]{0,3}",
        "\\([012] rows\\)",
        "",
    ]
}
