//! What the environment says about building images.

/// Build arguments that people give in the environment.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `BASE_IMAGE`: stands in for the distribution's release.
    pub base_image: Option<String>,
    /// `PGDG=1`: PostgreSQL comes from its own package repository.
    pub pgdg: bool,
    /// Ways out, no part of an image.
    pub proxies: Vec<(String, String)>,
}

const PROXIES: [&str; 6] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

impl Settings {
    pub fn of_process() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            base_image: text("BASE_IMAGE"),
            pgdg: text("PGDG").is_some_and(|value| value == "1"),
            proxies: PROXIES
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), text(name)?)))
                .collect(),
        }
    }
}
