use super::*;

fn show(text: &str) -> Vec<String> {
    let lock = Lock::parse(text);
    let shown =
        |p: &LockedPackage| format!("{} {} {} {}", p.line, p.name, p.version, p.source.as_deref().unwrap_or("-"));
    lock.packages.iter().map(shown).collect()
}

#[test]
fn uv_lock_is_read_past_its_arrays() {
    let text = "version = 1\r\n\r\n[[package]]\r\nname = \"demo-app\"\r\nsource = { virtual = \".\" }\r\ndependencies = [\r\n    { name = \"x\" },\r\n\
        name = \"no\"\r\n]\r\n\r\n[package.optional-dependencies]\r\nname = [\r\n    { name = \"y\" },\r\n]\r\n\r\n[[package]]\r\nname = \"Torch\"\r\n\
        version = \"2.9.1+cpu\"\r\nsource = { registry = \"https://download.pytorch.org/whl/cpu\" }\r\n";
    assert_eq!(show(text), ["4 demo-app  .", "17 torch 2.9.1+cpu https://download.pytorch.org/whl/cpu"]);
}

#[test]
fn poetry_pdm_and_pylock_are_read() {
    let poetry = "[[package]]\nname = \"torch\"\nversion = \"2.9.1\"\ndescription = \"\"\"\nname = \"no\"\n\"\"\"\nfiles = [\n    {file = \"a\"},\n]\n\n\
        [package.dependencies]\nname = \"no\"\n\n[package.source]\ntype = \"legacy\"\nurl = \"https://example.invalid/simple\"\nreference = \"cpu\"\n\n[metadata]\nname = \"no\"\n";
    assert_eq!(show(poetry), ["2 torch 2.9.1 https://example.invalid/simple"]);
    let pdm = "[[package]]\nname = \"a\"\nversion = \"1\"\ngit = \"https://example.invalid/a.git\"\n\n[[package]]\nname = \"b\"\nversion = \"1\"\n";
    assert_eq!(show(pdm), ["2 a 1 https://example.invalid/a.git", "7 b 1 -"]);
    let pylock = "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\nindex = \"https://example.invalid/simple\"\n\
        wheels = [{ url = \"x\" }]\n[[packages]]\nname = 'b'\nvcs = { type = \"git\", url = \"u\" }\n[[packages]]\nname = \"c\"\n[packages.directory]\npath = \".\"\n";
    assert_eq!(show(pylock), ["3 a 1 https://example.invalid/simple", "8 b  u", "11 c  ."]);
}

#[test]
fn edges_files_and_forks_of_uv_are_read() {
    let text = "version = 1\nrequires-python = \">=3.11\"\n[manifest]\nmembers = [\"a\", \"B_c\"]\n[[package]]\nname = \"a\"\nversion = \"1\"\n\
        source = { git = \"https://example.invalid/a.git?rev=1#2\" }\nresolution-markers = [\n    \"os_name == 'nt'\",\n    \"os_name != 'nt'\",\n]\n\
        dependencies = [\n    { name = \"b\", version = \"2\", source = { registry = \"r\" }, extra = [\"X_y\"], marker = \"os_name == 'nt'\" },\n]\n\
        sdist = { url = \"https://example.invalid/a-1.tar.gz\", hash = \"sha256:0\", size = 7 }\nwheels = [\n\
        { url = \"https://example.invalid/x/a-1%2Bcpu-py3-none-any.whl#sha256=0\", size = 1_234 },\n    { url = \"b.whl\" },\n]\n\
        [package.metadata]\nrequires-dist = [\n\
        { name = \"local\", editable = \"lib\" },\n    { name = \"rich\", extras = [\"x\"], marker = \"extra == 'tui'\", specifier = \">=2\" },\n]\n\
        [package.metadata.requires-dev]\ndev = [{ name = \"pytest\" }]\n";
    let lock = Lock::parse(text);
    assert_eq!((lock.kind, lock.requires_python.as_deref()), (LockKind::Uv, Some(">=3.11")));
    assert_eq!(lock.members, [PackageName::new("a"), PackageName::new("b-c")]);
    let package = &lock.packages[0];
    assert_eq!(package.range.slice(text), "a");
    let edge = &package.dependencies[0];
    let shown = (edge.name.as_str(), edge.version.as_deref(), edge.source.as_deref(), edge.extras[0].as_str());
    assert_eq!(shown, ("b", Some("2"), Some("r"), "x-y"));
    assert!(Arc::ptr_eq(edge.marker.as_ref().unwrap(), &package.forks[0]), "a marker is kept once");
    let files: Vec<_> = package.files.iter().map(|file| (&*file.name, file.bytes)).collect();
    assert_eq!(files, [("a-1.tar.gz", Some(7)), ("a-1+cpu-py3-none-any.whl", Some(1_234)), ("b.whl", None)]);
    assert!(package.groups.is_empty() && package.extras.is_empty());
    let [local, rich] = package.manifest.dependencies.as_slice() else { panic!("two") };
    assert_eq!((local.name.as_str(), local.source.as_deref()), ("local", Some("lib")));
    let shown = (rich.name.as_str(), rich.specifier.as_deref(), rich.marker.as_deref());
    assert_eq!(shown, ("rich", Some(">=2"), Some("extra == 'tui'")));
    assert_eq!(package.manifest.groups[0].1[0].name.as_str(), "pytest");
}

#[test]
fn files_of_old_poetry_locks_stand_at_the_end() {
    let text = "[[package]]\nname = \"Foo_bar\"\nversion = \"1\"\ncategory = \"dev\"\n[metadata]\nlock-version = \"1.1\"\n[metadata.files]\n\
        foo-bar = [\n    {file = \"foo_bar-1-py3-none-any.whl\", hash = \"sha256:0\"},\n]\n";
    let lock = Lock::parse(text);
    assert_eq!((lock.kind, lock.tells_groups()), (LockKind::Poetry, false));
    assert_eq!(&*lock.packages[0].files[0].name, "foo_bar-1-py3-none-any.whl");
    assert_eq!(lock.packages[0].memberships, ["dev"]);
}

#[test]
fn hostile_text_is_survived() {
    for text in [
        "{",
        "{}",
        "{\"default\": []}",
        "{\"default\": {\"a\": 1, \"b\": {\"version\": 1}}}",
        "[[package]]",
        "[[package]]\nname = 1",
        "[[package]]\nname = \"a\"\ndependencies = {",
        "[package.dependencies]\na = [[[[",
        "[[package.dependencies.a]]\nversion = 1",
        "[[package]]\nname = \"a\"\n[package.extras]\na = 1\n[package.optional-dependencies]\n\"\" = [{}, 1, []]",
        "[metadata.files]\na = {}",
        "[[packages]]\n[packages.wheels]\nsize = -1",
        "size = 99999999999999999999999",
    ] {
        let lock = Lock::parse(text);
        assert!(lock.packages.len() < 3, "{text}");
    }
    let nested = format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(Lock::parse(&nested).packages.is_empty());
}
