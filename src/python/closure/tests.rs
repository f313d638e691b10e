use super::*;
use crate::python::Libc;

fn platform() -> Platform {
    Platform { machine: "x86_64".to_owned(), python: Some((3, 11)), patch: None, libc: Libc::Glibc(36) }
}

fn names(text: &str) -> Vec<PackageName> {
    text.split_whitespace().map(PackageName::new).collect()
}

fn project(name: &str, extras: &str, groups: &str) -> Asked {
    let groups = groups.split_whitespace().map(str::to_owned).collect();
    Asked { groups, ..Asked::new(PackageName::new(name), names(extras)) }
}

/// `name==version[extras]`, sorted.
fn show(lock: &Lock, closure: &Closure) -> String {
    let mut shown: Vec<String> = closure
        .members
        .iter()
        .map(|member| {
            let package = &lock.packages[member.package];
            let extras: Vec<&str> = member.extras.iter().map(PackageName::as_str).collect();
            let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
            format!("{}{extras}={}", package.name, package.version)
        })
        .collect();
    shown.sort();
    shown.join(" ")
}

fn closure_of(text: &str, asked: Asked) -> (Lock, Closure) {
    let lock = Lock::parse(text);
    let request = Request { groups: asked.groups.clone(), asked: vec![asked], ..Request::default() };
    let closure = Closure::of(&lock, &request, &platform());
    (lock, closure)
}

fn brings(text: &str, asked: Asked) -> String {
    let (lock, closure) = closure_of(text, asked);
    show(&lock, &closure)
}

const UV: &str = r#"
version = 1
requires-python = ">=3.10"
[[package]]
name = "app"
version = "0.1.0"
source = { editable = "." }
dependencies = [
    { name = "colorama", marker = "sys_platform == 'win32'" },
    { name = "tool" },
    { name = "kit", extra = ["cublas"] },
]
[package.optional-dependencies]
ml = [
    { name = "forked", version = "1.0", source = { registry = "https://example.invalid/simple" }, marker = "python_full_version < '3.12'" },
    { name = "forked", version = "2.0", source = { registry = "https://example.invalid/simple" }, marker = "python_full_version >= '3.12'" },
]
[package.dev-dependencies]
dev = [{ name = "tests" }]
[[package]]
name = "colorama"
version = "1"
[[package]]
name = "forked"
version = "1.0"
source = { registry = "https://example.invalid/simple" }
resolution-markers = ["python_full_version < '3.12'"]
[[package]]
name = "forked"
version = "2.0"
source = { registry = "https://example.invalid/simple" }
resolution-markers = ["python_full_version >= '3.12'"]
dependencies = [{ name = "app" }]
[[package]]
name = "kit"
version = "13"
dependencies = [{ name = "tool", extra = ["more"] }]
[package.optional-dependencies]
cublas = [{ name = "blas" }]
cudnn = [{ name = "dnn" }]
[[package]]
name = "blas"
version = "4"
dependencies = [{ name = "kit" }]
[[package]]
name = "dnn"
version = "9"
[[package]]
name = "tool"
version = "5"
[package.optional-dependencies]
more = [{ name = "kit", extra = ["cudnn"] }]
[[package]]
name = "tests"
version = "8"
dependencies = [{ name = "forked", marker = "python_full_version < '3.11.4'" }]
"#;

#[test]
fn extras_are_followed_on_every_edge_however_late_they_are_asked_for() {
    // `tool` is met without extras first, and its extra asks for another one of `kit`, which was met as well.
    let all = "app=0.1.0 blas=4 dnn=9 kit[cublas,cudnn]=13 tool[more]=5";
    assert_eq!(brings(UV, project("app", "", "")), all);
    let forked = format!("app[ml]=0.1.0 blas=4 dnn=9 forked=1.0 {}", "kit[cublas,cudnn]=13 tool[more]=5");
    assert_eq!(brings(UV, project("app", "ml", "")), forked);
}

#[test]
fn groups_come_alone_when_nothing_else_is_asked_for() {
    let mut only = project("app", "", "dev");
    only.main = false;
    let (lock, closure) = closure_of(UV, only);
    // Nothing on the edge tells the fork: the markers of the packages do.
    assert_eq!(show(&lock, &closure), "app=0.1.0 forked=1.0 tests=8");
    assert_eq!(closure.undecided.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["python_full_version < '3.11.4'"]);
    assert!(!closure.is_complete());
    let lock = Lock::parse(UV);
    let patched = Platform { patch: Some(9), ..platform() };
    let request = Request { asked: vec![project("app", "", "dev")], ..Request::default() };
    let closure = Closure::of(&lock, &request, &patched);
    assert!(closure.is_complete() && !show(&lock, &closure).contains("forked"));
}

#[test]
fn chains_and_what_goes_without_a_package_or_an_extra() {
    let (lock, closure) = closure_of(UV, project("app", "ml", "dev"));
    let place = |name: &str| {
        closure.members.iter().position(|member| lock.packages[member.package].name.as_str() == name).unwrap()
    };
    let chains = |name: &str| -> Vec<String> {
        let show = |chain: Vec<(usize, Option<Part>)>| {
            let names: Vec<&str> =
                chain.iter().map(|(node, _)| lock.packages[closure.members[*node].package].name.as_str()).collect();
            names.join(">")
        };
        closure.graph.chains(place(name), 9).into_iter().map(show).collect()
    };
    // `app` needs `kit` without its extra, which only `tool[more]` asks for, and `kit` itself needs that.
    assert_eq!(chains("dnn"), ["app>kit>tool>kit>dnn", "app>kit>blas>kit>tool>kit>dnn"]);
    assert_eq!(chains("app"), ["app"]);
    assert_eq!(closure.graph.link(place("kit"), place("dnn")).unwrap().part, Part::Extra(PackageName::new("cudnn")));
    let lost = |cut: &str| {
        let cut = place(cut);
        let lost = closure.graph.lost_without(|node| node == cut);
        lost.iter().map(|&node| lock.packages[closure.members[node].package].name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(lost("kit"), ["kit", "blas", "dnn"]);
    assert_eq!(lost("blas"), ["blas"]);
    // `kit` stays, but nothing asks for its extra any more.
    let without = closure.graph.kept(|_| false, |link| link.to == place("tool"));
    assert!(without[place("kit")] && !without[place("dnn")] && without[place("blas")]);
    let ml = Part::Extra(PackageName::new("ml"));
    let kept = closure.graph.kept(|_| false, |link| link.part == ml);
    assert!(kept[place("forked")], "the group brings it as well");
}

const CONFLICTS: &str = r#"
version = 1
conflicts = [[{ package = "app", extra = "cpu" }, { package = "app", extra = "gpu" }]]
[manifest]
members = ["app", "lib"]
[[package]]
name = "app"
version = "1"
source = { virtual = "." }
dependencies = [
    { name = "torch", version = "2.0", source = { registry = "https://example.invalid/simple" }, marker = "extra == 'extra-3-app-gpu' or (extra != 'extra-3-app-cpu' and extra != 'extra-3-app-gpu')" },
    { name = "torch", version = "2.0+cpu", source = { registry = "https://example.invalid/cpu" }, marker = "extra == 'extra-3-app-cpu'" },
    { name = "lib", extra = ["x"] },
]
[package.optional-dependencies]
cpu = [{ name = "only-cpu", marker = "extra == 'extra-3-lib-x'" }]
gpu = [{ name = "only-gpu" }]
[[package]]
name = "lib"
version = "1"
source = { directory = "lib" }
[package.optional-dependencies]
x = [{ name = "of-project", marker = "extra == 'project-3-app'" }]
[[package]]
name = "torch"
version = "2.0"
source = { registry = "https://example.invalid/simple" }
dependencies = [{ name = "cuda" }]
[[package]]
name = "torch"
version = "2.0+cpu"
source = { registry = "https://example.invalid/cpu" }
[[package]]
name = "cuda"
version = "1"
[[package]]
name = "only-cpu"
version = "1"
[[package]]
name = "only-gpu"
version = "1"
[[package]]
name = "of-project"
version = "1"
"#;

#[test]
fn conflicting_extras_choose_among_forks() {
    let common = "lib[x]=1 of-project=1";
    assert_eq!(brings(CONFLICTS, project("app", "cpu", "")), format!("app[cpu]=1 {common} only-cpu=1 torch=2.0+cpu"));
    assert_eq!(
        brings(CONFLICTS, project("app", "gpu", "")),
        format!("app[gpu]=1 cuda=1 {common} only-gpu=1 torch=2.0")
    );
    assert_eq!(brings(CONFLICTS, project("app", "", "")), format!("app=1 cuda=1 {common} torch=2.0"));
}

const POETRY: &str = r#"
[[package]]
name = "server"
version = "1.0"
optional = false
python-versions = ">=3.8"
[package.dependencies]
core = ">=1,<3 || >4"
h2 = {version = ">=3", optional = true, markers = "extra == \"http2\""}
loop = {version = "*", optional = true, markers = "sys_platform != \"win32\" and extra == \"fast\""}
old = {version = "*", markers = "python_version < \"3.10\""}
split = [
    {version = ">=1,<2", markers = "python_version < \"3.11\""},
    {version = ">=2", markers = "python_version >= \"3.11\""},
]
[package.extras]
all = ["server[http2]"]
http2 = ["h2 (>=3)"]
fast = ["loop ; sys_platform != 'win32'"]
[package.dependencies.older]
version = "*"
python = ">=3.6,<3.9 || >=3.11"
[[package]]
name = "core"
version = "2.0"
[[package]]
name = "h2"
version = "3"
[[package]]
name = "loop"
version = "1"
[[package]]
name = "old"
version = "1"
[[package]]
name = "older"
version = "1"
[[package]]
name = "split"
version = "1.5"
python-versions = "<3.11"
[[package]]
name = "split"
version = "2.5"
python-versions = ">=3.11"
[[package]]
name = "viz"
version = "1"
optional = true
[extras]
pictures = ["viz"]
[metadata]
lock-version = "2.0"
python-versions = "^3.8"
"#;

#[test]
fn a_lock_of_poetry_is_followed_from_the_manifest() {
    let plain = "core=2.0 older=1 server=1.0 split=2.5";
    assert_eq!(brings(POETRY, project("server", "", "")), plain);
    assert_eq!(brings(POETRY, project("server", "all", "")), "core=2.0 h2=3 older=1 server[all,http2]=1.0 split=2.5");
    assert_eq!(brings(POETRY, project("server", "fast", "")), "core=2.0 loop=1 older=1 server[fast]=1.0 split=2.5");
}

#[test]
fn locks_that_tell_groups_need_no_walk() {
    let text = r#"
[[package]]
name = "a"
version = "1"
groups = ["main", "dev"]
[package.dependencies]
b = "*"
[[package]]
name = "b"
version = "1"
groups = ["main", "dev"]
markers = {main = "extra == \"viz\"", dev = "python_version >= \"3.11\""}
[[package]]
name = "c"
version = "1"
optional = true
groups = ["main"]
markers = "extra == \"viz\""
[[package]]
name = "d"
version = "1"
groups = ["dev"]
markers = "sys_platform == \"win32\""
[metadata]
lock-version = "2.1"
"#;
    let lock = Lock::parse(text);
    let brings = |groups: &str, extras: &str| {
        let groups = groups.split_whitespace().map(str::to_owned).collect();
        let asked = vec![project("a", "", "")];
        let request = Request { asked, groups, extras: names(extras) };
        show(&lock, &Closure::of(&lock, &request, &platform()))
    };
    assert_eq!(brings("main", ""), "a=1");
    assert_eq!(brings("main", "viz"), "a=1 b=1 c=1");
    assert_eq!(brings("dev", ""), "a=1 b=1");
    assert_eq!(brings("", ""), "");
}

#[test]
fn pdm_keeps_packages_with_extras_apart() {
    let text = r#"
[metadata]
groups = ["default", "web"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
[[package]]
name = "requests"
version = "2"
groups = ["default", "web"]
dependencies = ["idna<4,>=2", "win; sys_platform == \"win32\""]
[[package]]
name = "requests"
version = "2"
extras = ["socks"]
groups = ["web"]
dependencies = ["pysocks!=1.5.7,>=1.5.6", "requests==2"]
[[package]]
name = "idna"
version = "3"
groups = ["default", "web"]
[[package]]
name = "pysocks"
version = "1"
groups = ["web"]
marker = "python_version >= \"3\""
"#;
    let lock = Lock::parse(text);
    assert_eq!(lock.locked_groups, ["default", "web"]);
    let brings = |groups: &str, extras: &str, of: &str| {
        let groups = groups.split_whitespace().map(str::to_owned).collect();
        let request = Request { asked: vec![project("requests", of, "")], groups, extras: names(extras) };
        Closure::of(&lock, &request, &platform())
    };
    assert_eq!(show(&lock, &brings("main", "", "")), "idna=3 requests=2");
    let with_extra = brings("main", "web", "socks");
    assert_eq!(show(&lock, &with_extra), "idna=3 pysocks=1 requests[socks]=2");
    let socks = with_extra.graph.chains(1, 5).len() + with_extra.graph.chains(2, 5).len();
    assert_eq!(socks, 2, "both dependencies hang on requests");
}

#[test]
fn pipfiles_and_pylocks_are_lists() {
    let pipfile = r#"{
    "_meta": {"requires": {"python_version": "3.11"}},
    "default": {
        "a": {"markers": "python_version >= '3.8'", "version": "==1.0"},
        "w": {"markers": "sys_platform == 'win32'", "version": "==1.0"},
        "local": {"path": ".", "editable": true}
    },
    "develop": {
        "a": {"version": "==2.0"},
        "t": {"extras": ["x"], "version": "==3.0"}
    }
}"#;
    let lock = Lock::parse(pipfile);
    assert_eq!(lock.packages[0].range.slice(pipfile), "a");
    assert_eq!((lock.packages[0].line, lock.requires_python.as_deref()), (4, Some("==3.11.*")));
    let brings = |groups: &str| {
        let groups = groups.split_whitespace().map(str::to_owned).collect();
        show(&lock, &Closure::of(&lock, &Request { groups, ..Request::default() }, &platform()))
    };
    assert_eq!(brings("main"), "a=1.0 local=");
    assert_eq!(brings("main develop"), "a=1.0 local= t=3.0");
    assert_eq!(brings("develop"), "a=2.0 t=3.0");
    let pylock = "lock-version = '1.0'\n[[packages]]\nname = 'a'\nversion = '1'\nmarker = \"python_version >= '3.12'\"\n[[packages]]\nname = 'b'\nversion = '2'\n\
        [[packages.wheels]]\nurl = 'https://example.invalid/b-2-py3-none-any.whl'\nsize = 12\n";
    let lock = Lock::parse(pylock);
    let closure = Closure::of(&lock, &Request::default(), &platform());
    assert_eq!(show(&lock, &closure), "b=2");
    assert_eq!(closure.members[0].wheel.map(|wheel| lock.packages[1].files[wheel].bytes), Some(Some(12)));
}

#[test]
fn what_is_not_in_the_lock_is_told() {
    let (_, closure) = closure_of(UV, project("unheard-of", "", ""));
    assert_eq!(closure.missing, [PackageName::new("unheard-of")]);
    assert!(closure.members.is_empty() && !closure.is_complete());
}

#[test]
fn dense_graphs_end() {
    let edges: Vec<String> = (0..60).map(|to| format!("{{ name = \"p{to}\", extra = [\"x\"] }},")).collect();
    let package =
        |from| format!("[[package]]\nname = \"p{from}\"\nversion = \"1\"\ndependencies = [{}]\n", edges.concat());
    let text = format!("version = 1\n{}", (0..60).map(package).collect::<Vec<_>>().concat());
    let (_, closure) = closure_of(&text, project("p0", "", ""));
    assert_eq!(closure.members.len(), 60);
    assert_eq!(closure.graph.chains(59, 100).len(), 100);
    assert!(!closure.graph.chains(59, usize::MAX).is_empty());
}
