//! Which program a command line starts, once wrappers such as `sudo` and `python -m` are seen through.

use crate::dockerfile::Value;

use super::Argument;

/// What a wrapper does for the program that it runs.
pub(super) struct Unwrapped {
    /// How many words stand in front of the program.
    pub(super) skip: usize,
    /// Variables that it sets.
    pub(super) variables: Vec<(String, Value)>,
    /// Whether the program runs as another user.
    pub(super) user: bool,
}

/// Takes the wrapper `name` off a command; `None` when it is none.
pub(super) fn unwrap(name: &str, arguments: &[Argument]) -> Option<Unwrapped> {
    let text = |index: usize| arguments.get(index).map(|argument| argument.value.text());
    let flags_from = |mut index: usize, with_value: &[&str]| {
        while let Some(flag) = text(index).filter(|flag| flag.starts_with('-') && flag.len() > 1) {
            index += if with_value.contains(&flag) { 2 } else { 1 };
        }
        index
    };
    let plain = |skip: usize| Some(Unwrapped { skip, variables: Vec::new(), user: false });
    match name {
        "sudo" | "doas" => {
            let at = flags_from(1, &["-u", "--user", "-g", "--group", "-h", "-p", "-C", "-D"]);
            let (skip, variables) = variables_from(at, arguments);
            let user = (1..at).any(|index| matches!(text(index), Some("-u" | "--user")));
            Some(Unwrapped { skip, variables, user: user || name == "sudo" })
        }
        "env" => {
            let (skip, variables) = variables_from(flags_from(1, &["-u", "--unset", "-C", "--chdir", "-S"]), arguments);
            (skip < arguments.len()).then_some(Unwrapped { skip, variables, user: false })
        }
        "time" | "exec" | "command" | "nohup" | "eatmydata" | "setsid" | "builtin" | "sfw" | "unbuffer" => {
            let looks_up = name == "command" && matches!(text(1), Some("-v" | "-V"));
            if looks_up { None } else { plain(flags_from(1, &["-a", "-f", "-o"])) }
        }
        "nice" | "ionice" | "stdbuf" => plain(flags_from(1, &["-n", "-c", "-p", "--adjustment"])),
        "timeout" => plain(flags_from(1, &["-k", "--kill-after", "-s", "--signal"]) + 1),
        // `flock /tmp/lock sh -c '…'`; with `-c` behind the file, flock starts the shell itself.
        "flock" => {
            let at = flags_from(1, &["-w", "--wait", "--timeout", "-E", "--conflict-exit-code"]) + 1;
            if matches!(text(at), None | Some("-c" | "--command")) { None } else { plain(at) }
        }
        "xargs" => {
            let at = flags_from(1, &["-n", "-P", "-I", "-a", "-d", "-L", "-s", "-E", "--arg-file", "--delimiter"]);
            (at < arguments.len()).then_some(Unwrapped { skip: at, variables: Vec::new(), user: false })
        }
        "gosu" | "su-exec" | "setpriv" | "runuser" => {
            let at = flags_from(1, &["--reuid", "--regid", "-u"]) + usize::from(matches!(name, "gosu" | "su-exec"));
            Some(Unwrapped { skip: at, variables: Vec::new(), user: true })
        }
        "poetry" | "uv" | "pipenv" | "pdm" | "hatch" | "pixi" if text(1) == Some("run") => {
            let at = flags_from(
                2,
                &["--extra", "--group", "--with", "--python", "-p", "--project", "--directory", "--env-file"],
            );
            (at < arguments.len()).then_some(Unwrapped { skip: at, variables: Vec::new(), user: false })
        }
        "conda" | "mamba" | "micromamba" if text(1) == Some("run") => {
            plain(flags_from(2, &["-n", "--name", "-p", "--prefix"]))
        }
        _ => None,
    }
}

/// `NAME=value` words from `index` on.
fn variables_from(mut index: usize, arguments: &[Argument]) -> (usize, Vec<(String, Value)>) {
    let mut variables = Vec::new();
    while let Some((name, value)) = arguments.get(index).and_then(|argument| argument.value.text().split_once('=')) {
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            break;
        }
        variables.push((name.to_owned(), Value::new(value)));
        index += 1;
    }
    (index, variables)
}

/// `pip` for `pip3.11`, `python` for `python3`: the program without its version.
pub(super) fn program_name(name: &str) -> String {
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    if matches!(base, "pip" | "python" | "pypy") { base.to_owned() } else { name.to_owned() }
}

/// `python -m pip install`: the module is the program. Returns it and how many further words it takes up.
pub(super) fn as_module(name: &str, arguments: &[Argument]) -> (String, usize) {
    if !matches!(name, "python" | "pypy") {
        return (name.to_owned(), 0);
    }
    let module = arguments
        .iter()
        .skip(1)
        .take_while(|argument| argument.value.text().starts_with('-'))
        .position(|argument| argument.value.text() == "-m");
    match module.and_then(|index| Some((index, arguments.get(index + 2)?.value.known()?))) {
        Some((index, module @ ("pip" | "uv" | "poetry" | "pdm" | "pipenv" | "pipx"))) => (module.to_owned(), index + 2),
        _ => (name.to_owned(), 0),
    }
}

/// `make -C dir`, `uv --directory dir`, `npm --prefix dir`.
pub(super) fn changed_folder(name: &str, arguments: &[Argument]) -> Option<Value> {
    let flags: &[&str] = match name {
        "make" => &["-C", "--directory"],
        "uv" => &["--directory", "--project"],
        "npm" => &["--prefix"],
        "poetry" => &["-C", "--directory", "-P", "--project"],
        "pdm" => &["-p", "--project"],
        _ => return None,
    };
    arguments.iter().enumerate().find_map(|(index, argument)| {
        let text = argument.value.text();
        if flags.contains(&text) {
            return arguments.get(index + 1).map(|next| next.value.clone());
        }
        flags.iter().find_map(|flag| text.strip_prefix(flag)?.strip_prefix('=')).map(Value::new)
    })
}

/// Whether what a wrapper starts is looked up in an environment that it manages.
pub(super) fn has_environment_of_its_own(wrapper: &str) -> bool {
    matches!(wrapper, "poetry" | "uv" | "pipenv" | "pdm" | "hatch" | "pixi" | "conda" | "mamba" | "micromamba")
}
