//! A run as one HTML file: verdict, what faults cost, pictures over the time, transcripts with their
//! differences, and the servers' logs. It needs nothing else, and no script runs in it.

mod close;
mod log;
mod page;
mod scale;
mod score;
mod step;
mod story;
mod text;
mod timeline;

use minijinja::value::Serde;
use minijinja::{Environment, context};

use crate::event::Event;

const TEMPLATES: &[(&str, &str)] = &[
    ("page.html", include_str!("page.html")),
    ("scenario.html", include_str!("scenario.html")),
    ("step.html", include_str!("step.html")),
    ("picture.html", include_str!("picture.html")),
];
const STYLE: &str = include_str!("page.css");

/// The report of a run.
pub fn html(events: &[Event]) -> String {
    let story = story::Story::of(events);
    let page = page::Page::of(&story);
    let mut environment = Environment::new();
    for (name, template) in TEMPLATES {
        let added = environment.add_template(name, template);
        added.expect("a test renders it");
    }
    let template = environment.get_template("page.html");
    let text = template.expect("it was added").render(context! {
        page => Serde(&page),
        style => STYLE,
    });
    text.expect("its values are texts and numbers")
}

#[cfg(test)]
mod tests;
