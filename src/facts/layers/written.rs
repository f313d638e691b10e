//! Files and folders that a command is known to write.

use crate::dockerfile::{UNKNOWN, Value};

use super::super::Invocation;
use super::super::commands::{GitClone, Npm, NpmAction, Options, Pip, PipAction};
use super::super::paths::{file_name, resolve};
use super::{Way, kinds};

/// What a command writes.
pub(super) struct Written {
    pub path: String,
    pub way: Way,
}

/// Whether a command fills `vendor` where it runs: `composer install --no-dev`.
fn installs_vendor(invocation: &Invocation) -> bool {
    let words = || invocation.arguments.iter().map(|argument| argument.value.text());
    let elsewhere = ["global", "-d", "--working-dir", "--dry-run", "--no-install", "--help", "create-project"];
    words().any(|word| matches!(word, "install" | "i" | "update" | "u"))
        && !words().any(|word| elsewhere.iter().any(|other| word == *other || word.starts_with("--working-dir=")))
}

/// Files and folders that a command is known to write, absolute.
pub(super) fn written(invocation: &Invocation) -> Vec<Written> {
    let Some(workdir) = invocation.workdir.known() else { return Vec::new() };
    let at = |path: &str, way: Way| Written { path: resolve(workdir, path), way };
    let heavy = |written: &Written| {
        let is_program = || {
            let mut words = invocation.arguments.iter();
            words.any(|word| kinds::names_platform(word.value.text())) && kinds::may_be_program(&written.path)
        };
        written.way != Way::Downloaded || kinds::is_archive(&written.path) || is_program()
    };
    let mut found: Vec<Written> = match invocation.program.as_str() {
        "curl" => downloads_of_curl(invocation).iter().map(|path| at(path, Way::Downloaded)).collect(),
        "wget" => downloads_of_wget(invocation).iter().map(|path| at(path, Way::Downloaded)).collect(),
        "git" => GitClone::read(invocation).map(|clone| at(&clone.folder, Way::Cloned)).into_iter().collect(),
        "tar" | "unzip" => unpacked(invocation).map(|path| at(path, Way::Unpacked)).into_iter().collect(),
        "python" | "virtualenv" => environment(invocation).map(|path| at(path, Way::Made)).into_iter().collect(),
        "npm" | "yarn" | "pnpm" if installs_node_modules(invocation) => vec![at("node_modules", Way::Made)],
        "composer" if installs_vendor(invocation) => vec![at("vendor", Way::Made)],
        "pip" => wheels(invocation).map(|path| at(path, Way::Made)).into_iter().collect(),
        _ => Vec::new(),
    };
    found.retain(heavy);
    found
}

fn output(invocation: &Invocation) -> Option<String> {
    let file = invocation.output.as_ref().and_then(Value::known)?;
    (!file.starts_with("/dev/")).then(|| file.to_owned())
}

fn downloads_of_curl(invocation: &Invocation) -> Vec<String> {
    const WITH_VALUE: [&str; 34] = [
        "-o",
        "--output",
        "--output-dir",
        "-H",
        "--header",
        "-d",
        "--data",
        "-X",
        "--request",
        "-u",
        "--user",
        "-A",
        "--user-agent",
        "-e",
        "-b",
        "-c",
        "-x",
        "--proxy",
        "-m",
        "--max-time",
        "-w",
        "--write-out",
        "-r",
        "-C",
        "--continue-at",
        "-K",
        "-T",
        "-F",
        "--retry",
        "--retry-delay",
        "--retry-max-time",
        "--connect-timeout",
        "--cacert",
        "--proto",
    ];
    let options = Options::read(&invocation.arguments, &WITH_VALUE);
    let folder = options.value(&["--output-dir"]).map_or("", Value::text);
    let join = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let mut found: Vec<String> = options.values(&["-o", "--output"]).filter_map(Value::known).map(join).collect();
    found.retain(|path| path != "-" && !path.starts_with("/dev/"));
    if options.has(&["-O", "--remote-name", "--remote-name-all"]) {
        let urls = options.operands.iter().map(|(_, argument)| argument.value.text());
        found.extend(urls.map(url_name).filter(|name| is_known(name)).map(join));
    }
    found.extend(output(invocation));
    found
}

fn downloads_of_wget(invocation: &Invocation) -> Vec<String> {
    const WITH_VALUE: [&str; 26] = [
        "-O",
        "--output-document",
        "-P",
        "--directory-prefix",
        "-o",
        "--output-file",
        "-a",
        "-t",
        "--tries",
        "-T",
        "--timeout",
        "-w",
        "--wait",
        "-e",
        "-U",
        "--user-agent",
        "--header",
        "--progress",
        "-i",
        "--input-file",
        "-Q",
        "--user",
        "--password",
        "--waitretry",
        "--read-timeout",
        "--dns-timeout",
    ];
    let options = Options::read(&invocation.arguments, &WITH_VALUE);
    let named: Vec<String> =
        options.values(&["-O", "--output-document"]).filter_map(Value::known).map(str::to_owned).collect();
    if !named.is_empty() {
        let to_output = named.iter().any(|path| path == "-");
        return if to_output { output(invocation).into_iter().collect() } else { named };
    }
    let folder = options.value(&["-P", "--directory-prefix"]).map_or(".", Value::text);
    let urls = options.operands.iter().map(|(_, argument)| argument.value.text());
    urls.map(url_name).filter(|name| is_known(name)).map(|name| format!("{folder}/{name}")).collect()
}

/// Whether a name is all there, whatever of the URL before it is not: `https://example.org/$(…)/tool`.
fn is_known(name: &str) -> bool {
    !name.is_empty() && !name.contains(UNKNOWN)
}

/// The file name that a URL ends with.
pub(super) fn url_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let rest = path.split_once("://").map_or(path, |(_, rest)| rest);
    rest.rsplit_once('/').map_or("", |(_, name)| name)
}

/// The folder that `-C` and `-d` name, or the one below the current folder that is called like the archive.
fn unpacked(invocation: &Invocation) -> Option<&str> {
    let words: Vec<&str> = invocation.arguments.iter().map(|argument| argument.value.text()).collect();
    let is_tar = invocation.program == "tar";
    let flag = if is_tar { "-C" } else { "-d" };
    if let Some(at) = words.iter().position(|word| *word == flag) {
        return invocation.argument(at + 1);
    }
    let extracts = !is_tar
        || words.first().is_some_and(|first| !first.starts_with("--") && first.contains('x') && !first.contains('.'))
        || words.contains(&"--extract");
    let elsewhere = ["--directory", "--strip", "-O", "--to-stdout", "--transform", "-p", "-l", "-t"];
    if !extracts || words.iter().any(|word| elsewhere.iter().any(|flag| word.starts_with(flag))) {
        return None;
    }
    let packed = if is_tar { &[".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar"] as &[&str] } else { &[".zip"] };
    // `tar -xzf apache-tomcat-9.0.45.tar.gz`
    let archive = invocation.arguments.iter().filter_map(|argument| argument.value.known());
    let names: Vec<&str> =
        archive.filter_map(|word| packed.iter().find_map(|ending| file_name(word).strip_suffix(ending))).collect();
    match names.as_slice() {
        [name] if !name.is_empty() && !name.contains(['*', '?']) => Some(name),
        _ => None,
    }
}

/// `python -m venv DIR`, `virtualenv DIR`
fn environment(invocation: &Invocation) -> Option<&str> {
    let module = invocation.program == "virtualenv" || invocation.has_argument("venv");
    let last = invocation.arguments.last()?.value.known()?;
    (module && !last.starts_with('-') && last != "venv").then_some(last)
}

fn wheels(invocation: &Invocation) -> Option<&str> {
    let pip = Pip::read(invocation)?;
    let named: &[&str] = match pip.action {
        PipAction::Download => &["-d", "--dest"],
        PipAction::Wheel => &["-w", "--wheel-dir"],
        _ => return None,
    };
    let flag = pip.options.uses(named).last()?.value_argument?;
    let text = flag.value.known()?;
    Some(text.split_once('=').filter(|_| text.starts_with("--")).map_or(text, |(_, value)| value))
}

/// Whether it installs the dependencies of a Node project into its own folder.
pub(in crate::facts) fn installs_node_modules(invocation: &Invocation) -> bool {
    if invocation.has_argument("-g") || invocation.has_argument("--global") || invocation.has_argument("global") {
        return false;
    }
    let first = || invocation.arguments.iter().map(|word| word.value.text()).find(|word| !word.starts_with('-'));
    match invocation.program.as_str() {
        "npm" => Npm::read(invocation).is_some_and(|npm| npm.action == NpmAction::Install),
        "yarn" => matches!(first(), None | Some("install")),
        "pnpm" => matches!(first(), Some("install" | "i")),
        _ => false,
    }
}
