//! Which browsers a build fetches for Playwright, and which of them the copied sources launch.

use std::collections::BTreeSet;

use crate::catalogue;
use crate::dockerfile::Keyword;
use crate::facts::{Argument, Facts, Guard, Invocation};

/// What `playwright install` fetches when it is not told what: <https://playwright.dev/python/docs/browsers>.
const DEFAULT: [&str; 3] = ["chromium", "firefox", "webkit"];
/// What drives browsers that Playwright or Puppeteer fetched, by package, module or word.
const DRIVERS: [&str; 9] = [
    "playwright",
    "patchright",
    "puppeteer",
    "pyppeteer",
    "selenium",
    "ms-playwright",
    "chromium",
    "chrome",
    "headless",
];
/// Packages that launch browsers themselves, and choose which.
const LAUNCHERS: [&str; 15] = [
    "browser-use",
    "camoufox",
    "crawl4ai",
    "crawlee",
    "llama-index-readers-web",
    "patchright",
    "playwright-stealth",
    "pytest-playwright",
    "requests-html",
    "robotframework-browser",
    "scrapegraphai",
    "scrapling",
    "scrapy-playwright",
    "stagehand",
    "undetected-playwright",
];

/// One `playwright install`.
#[derive(Clone, Debug)]
pub struct BrowserDownload<'i> {
    /// The browsers that it fetches, in Playwright's order.
    pub browsers: Vec<&'static str>,
    /// Whether it names them.
    pub named: bool,
    /// Its last word.
    pub last: &'i Argument,
}

/// What the sources do with browsers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BrowserUse {
    /// What decides is not in the sources.
    Unknown,
    /// They launch `browsers`, and nothing names another; `file` launches the first.
    Launched {
        /// In Playwright's order.
        browsers: Vec<&'static str>,
        /// The first source that launches one.
        file: String,
    },
    /// Nothing names a browser, or what could drive one.
    Unnamed,
}

impl<'i> BrowserDownload<'i> {
    /// Reads `playwright install`, `python -m playwright install` and `npx playwright install`. `None` for everything else, and
    /// where it fetches other browsers or what it fetches is not known.
    #[must_use]
    pub fn read(invocation: &'i Invocation) -> Option<Self> {
        let words = invocation.arguments.as_slice();
        let text = |argument: &Argument| argument.value.text().to_owned();
        let rest = match invocation.program.as_str() {
            "playwright" => words,
            "python" => {
                let at = words.iter().position(|word| word.value.known() == Some("-m"))?;
                let (module, rest) = words.get(at + 1..)?.split_first()?;
                (at == words.iter().take_while(|word| text(word).starts_with('-')).count() - 1
                    && module.value.known() == Some("playwright"))
                .then_some(rest)?
            }
            "npx" | "bunx" | "pnpx" => {
                let at = words.iter().position(|word| !text(word).starts_with('-'))?;
                let (package, rest) = words.get(at..)?.split_first()?;
                let name = package.value.known()?;
                (name == "playwright" || name.starts_with("playwright@")).then_some(rest)?
            }
            _ => return None,
        };
        let (command, options) = rest.split_first()?;
        if command.value.known() != Some("install") {
            return None;
        }
        let mut named = BTreeSet::new();
        for option in options {
            match option.value.known()? {
                "--with-deps" | "--force" | "--only-shell" | "--no-shell" | "ffmpeg" => {}
                "chromium" | "chromium-headless-shell" => _ = named.insert(0),
                "firefox" => _ = named.insert(1),
                "webkit" => _ = named.insert(2),
                _ => return None,
            }
        }
        if named.is_empty() && options.iter().any(|option| option.value.known() == Some("ffmpeg")) {
            return None;
        }
        let browsers = DEFAULT.into_iter().enumerate();
        let browsers = browsers.filter(|(place, _)| named.is_empty() || named.contains(place));
        Some(Self {
            browsers: browsers.map(|(_, browser)| browser).collect(),
            named: !named.is_empty(),
            last: rest.last()?,
        })
    }
}

impl Facts<'_> {
    /// Which browsers of Playwright the sources launch, for what the stage of that number fetches.
    #[must_use]
    pub fn browser_use(&self, stage: usize) -> BrowserUse {
        if !self.knows_the_program_in(stage) || self.installs_launcher() {
            return BrowserUse::Unknown;
        }
        let unnamed: Vec<&str> = self.unnamed_in_files(&DRIVERS);
        if unnamed.len() == DRIVERS.len() {
            let roots = self.python_installs().iter().flat_map(|install| &install.roots);
            let names: Vec<&str> = roots.map(|root| root.requirement.name.as_str()).collect();
            // What is installed unseen may be what drives them.
            let known =
                names.contains(&"playwright") && names.iter().all(|name| catalogue::is_known_distribution(name));
            return if known && !self.sets_or_starts(&DRIVERS) { BrowserUse::Unnamed } else { BrowserUse::Unknown };
        }
        let sources = || {
            let sources = self.program().sources.iter();
            sources.filter_map(|path| Some((path, self.imports_of(path)?)))
        };
        let holds = |names: &[String], word: &str| names.iter().any(|name| name == word);
        let mut found = BTreeSet::new();
        let mut file = None;
        let (mut imported, mut launches) = (false, false);
        for (path, imports) in sources() {
            imported |= imports.reaches("playwright");
            launches |= ["launch", "launch_persistent_context"].iter().any(|word| holds(&imports.identifiers, word));
            // `launch(channel="chrome")`, `launch(executable_path=…)` start what was not fetched.
            let elsewhere = ["channel", "executable_path", "BrowserType", "PlayWrightBrowserToolkit"];
            let drives = imports.reaches("playwright") || holds(&imports.identifiers, "playwright");
            let chosen = ["getattr", "__getattribute__"].iter().any(|word| holds(&imports.identifiers, word));
            if drives && (chosen || elsewhere.iter().any(|word| holds(&imports.identifiers, word)))
                || DEFAULT.iter().any(|browser| holds(&imports.strings, browser))
            {
                return BrowserUse::Unknown;
            }
            for (place, browser) in DEFAULT.iter().enumerate() {
                if holds(&imports.identifiers, browser) {
                    found.insert(place);
                    file.get_or_insert_with(|| path.clone());
                }
            }
        }
        let left: Vec<&'static str> =
            DEFAULT.iter().enumerate().filter(|(place, _)| !found.contains(place)).map(|(_, name)| *name).collect();
        let Some(file) = file.filter(|_| imported && launches) else { return BrowserUse::Unknown };
        if self.unnamed_in_files(&left).len() < left.len() || self.sets_or_starts(&left) || self.has_node_driver() {
            return BrowserUse::Unknown;
        }
        let browsers = DEFAULT.iter().enumerate().filter(|(place, _)| found.contains(place)).map(|(_, name)| *name);
        BrowserUse::Launched { browsers: browsers.collect(), file }
    }

    /// Whether a package is installed that launches browsers itself, or may bring one that does.
    fn installs_launcher(&self) -> bool {
        let installs = self.python_installs().iter().filter(|install| install.guard != Guard::Never);
        let mut names = installs.flat_map(|install| &install.roots).map(|root| root.requirement.name.as_str());
        names.any(|name| {
            LAUNCHERS.contains(&name) || name != "playwright" && catalogue::brings(name).contains("playwright")
        })
    }

    /// Whether a variable of the image or what it starts holds one of the words: `ENV BROWSER=firefox`.
    fn sets_or_starts(&self, words: &[&str]) -> bool {
        let speaking = self.dockerfile.instructions.iter().filter(|instruction| {
            matches!(
                instruction.keyword,
                Keyword::Cmd | Keyword::Entrypoint | Keyword::Env | Keyword::Arg | Keyword::Healthcheck
            )
        });
        speaking.into_iter().any(|instruction| {
            // The variable says where the browsers are, not that anything starts them.
            let text = instruction.body.text().to_lowercase();
            let text = text.replace("playwright_browsers_path", "").replace("/ms-playwright", "");
            words.iter().any(|word| text.contains(word))
        })
    }

    /// Whether a copied `package.json` asks for a driver, so that other sources than Python's may launch browsers.
    #[must_use]
    pub fn has_node_driver(&self) -> bool {
        let texts = self.program().texts.iter();
        let mut manifests = texts.filter(|path| crate::facts::paths::file_name(path) == "package.json");
        manifests.any(|path| {
            self.workspace
                .read(path)
                .is_ok_and(|file| ["playwright", "puppeteer"].iter().any(|name| file.text().contains(name)))
        })
    }
}
