//! Headers and link libraries stay in an image that only runs things.

mod linked;
mod needed;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{self, Distribution, Gpu, Release, SystemPackage};
use crate::diagnostic::{Basis, Component, Savings, Severity};
use crate::facts::commands::{Apt, Options};
use crate::facts::{Facts, Guard, Seen, StageFacts, SystemInstall, SystemRemoval, UseSigns};
use crate::rules::packages::bytes_kept;
use crate::rules::phrase::{LATE_REMOVAL, listed, listed_up_to, with_installs};
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

use linked::link_names;
use needed::{PROGRAMS, brings, interpreter, is_of_python, libraries, runtime};

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Headers that bring less are not worth a finding.
const LIGHT: u64 = 1_000_000;
/// Headers that bring less are no more than worth a word.
const WEIGHTY: u64 = 5_000_000;
/// Names that a sentence lists before it counts.
const LISTED: usize = 4;
/// Development packages that programs need when they run: `mpirun` comes with the first, `libiomp5.so`, which MKL loads, only with
/// that of OpenMP.
const NEEDED: [&str; 7] = [
    "linux-libc-dev",
    "libopenmpi-dev",
    "openmpi-dev",
    "openmpi-devel",
    "linux-headers-generic",
    "libomp-dev",
    "libomp-*",
];
/// Debian packages that hold another C library: a binary made for Alpine finds `libc.so` of musl there.
const OTHER_LIBRARIES: [&str; 4] = ["musl-dev", "libc6-dev-i386", "libklibc-dev", "dietlibc-dev"];
/// Packages of Alpine that are small with all that comes along: a few headers, a link and a file for pkg-config. Static libraries
/// are packages of their own there, and the same of Debian, which have them inside, are below [`LIGHT`] beyond the C library's headers.
const LIGHT_ON_ALPINE: [&str; 22] = [
    "file-dev",
    "libffi-dev",
    "zlib-dev",
    "bzip2-dev",
    "xz-dev",
    "lz4-dev",
    "yaml-dev",
    "snappy-dev",
    "jpeg-dev",
    "libjpeg-turbo-dev",
    "libpng-dev",
    "giflib-dev",
    "fribidi-dev",
    "libseccomp-dev",
    "libcap-dev",
    "libev-dev",
    "libuv-dev",
    "libusb-dev",
    "eudev-dev",
    "oniguruma-dev",
    "libmaxminddb-dev",
    "attr-dev",
];
/// Headers to which no library belongs, or one that every image has.
const WITHOUT_LIBRARY: [&str; 9] = [
    "linux-libc-dev",
    "linux-headers",
    "linux-headers-generic",
    "kernel-headers",
    "libc6-dev",
    "libc-dev",
    "musl-dev",
    "glibc-devel",
    "libz-dev",
];
/// What opens a library by its name without a version, which only the development package has: `ffi_lib "sodium"`.
const OPENED_BY_NAME: [(&str, &str); 1] = [("libsodium-dev", "rbnacl")];

/// Headers of one instruction, or of one command of a script, that stay in images.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Default)]
struct Kept<'f> {
    headers: Vec<SystemInstall<'f>>,
    /// A stage built on the one that installs, which is shipped.
    heir: Option<String>,
    /// Whether one of the images is made for a GPU.
    gpu: bool,
    /// A package that has pip install what a model lists each time that one of the images starts.
    installer: Option<&'static str>,
    /// Whether the image has Python from elsewhere than the distribution.
    own_python: bool,
    /// Whether the base is a full image, which has many of the packages that headers bring along.
    on_full: bool,
    /// Whether a compiler stays beside them, to which the headers of the C library belong.
    compiler: bool,
    /// The release, which decides what libraries are called and what packages weigh.
    release: Release,
    /// Whether packages come from another repository as well, whose libraries may have other names.
    has_other_repository: bool,
    /// Of each of the headers, the bytes that other packages of the images need as well.
    shared: BTreeMap<&'f str, u64>,
    /// Interpreters that came along with the headers alone, each with the package that brought it.
    interpreters: BTreeMap<String, &'f str>,
}

impl Kept<'_> {
    /// The most that one of them brings, and whether that of another is not known.
    fn bytes(&self) -> (Option<u64>, bool) {
        let each: Vec<Option<u64>> = self
            .headers
            .iter()
            .map(|install| {
                if install.family == Distribution::Alpine && LIGHT_ON_ALPINE.contains(&install.name) {
                    return Some(0);
                }
                let bytes = own_bytes(&install.known()?, self)?;
                Some(
                    bytes.min(
                        install
                            .known()?
                            .installed_bytes?
                            .saturating_sub(self.shared.get(install.name).copied().unwrap_or_default()),
                    ),
                )
            })
            .collect();
        (each.iter().flatten().copied().max(), each.iter().any(Option::is_none))
    }

    /// Leaves out what the headers that are `needed` depend on, and counts what the others share with these as kept: `libgdal-dev`, whose
    /// `libgdal.so` a program loads, depends on `libgeos-dev` and `libpq-dev`.
    fn stay_beside(&mut self, facts: &Facts<'_>, needed: &[SystemInstall<'_>]) {
        let together = |install: &SystemInstall<'_>, other: &SystemInstall<'_>| {
            let is_below = |one: usize, other: usize| facts.descendants(other).contains(&one);
            is_below(install.stage, other.stage) || is_below(other.stage, install.stage)
        };
        let brings = |other: &SystemInstall<'_>, install: &SystemInstall<'_>| {
            other.family == Distribution::Debian && catalogue::comes_with_headers(other.name, install.name)
        };
        self.headers.retain(|install| !needed.iter().any(|other| brings(other, install) && together(install, other)));
        for install in &self.headers {
            let stays = |other: &SystemInstall<'_>| {
                let is_needed = || needed.iter().any(|needed| needed.name == other.name && together(install, needed));
                !catalogue::is_development_package(other.family, other.name) || is_needed()
            };
            let shared = self.shared.entry(install.name).or_default();
            *shared = (*shared).max(bytes_kept(facts, install, stays));
        }
    }

    fn is_light(&self) -> bool {
        let (bytes, unknown) = self.bytes();
        !unknown && bytes.is_none_or(|bytes| bytes < LIGHT)
    }
}

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    let mut found: BTreeMap<TextRange, Kept<'_>> = BTreeMap::new();
    let mut needed: Vec<SystemInstall<'_>> = Vec::new();
    for image in facts.finals() {
        let installs = facts.installs_of_image(image);
        let headers: Vec<&SystemInstall<'_>> =
            installs.iter().filter(|install| holds_needless_headers(facts, install)).collect();
        let chain: Vec<&StageFacts> = std::iter::once(image).chain(facts.ancestors(image)).collect();
        if headers.is_empty()
            || !facts.runs_a_service(image)
            || facts.is_workplace(image, &installs)
            || facts.may_compile(image, &chain, &installs)
            || installs.iter().any(|install| is_of_robots(install.name))
        {
            continue;
        }
        let meant = installs.iter().filter(|install| {
            install.invocation.guard == Guard::Always
                && catalogue::is_development_package(install.family, install.name)
                && (catalogue::is_one_of(install.name, &NEEDED) || facts.is_said_to_be_loaded(install))
        });
        needed.extend(meant.cloned());
        let compiler = installs.iter().any(|install| install.build_tool().is_some());
        let goes = |install: &&SystemInstall<'_>| {
            // Named once more in a later layer, it is there already.
            let is_repeated = || {
                let named = installs.iter().filter(|other| other.name == install.name);
                named
                    .into_iter()
                    .any(|other| other.invocation.guard == Guard::Always && other.instruction < install.instruction)
            };
            !may_be_required(&chain, &installs, install) && !comes_with_another(&installs, install) && !is_repeated()
        };
        for install in headers.into_iter().filter(goes) {
            let kept = found.entry(one_finding(facts, install)).or_default();
            kept.gpu |= (matches!(image.image.gpu, Gpu::Cuda | Gpu::Rocm) || facts.gpu_evidence().needs_gpu())
                && (compiler || has_python(facts, &chain, &installs));
            kept.installer = kept.installer.or_else(|| facts.serves_with_installs(image));
            kept.own_python |= image.image.brings_python();
            kept.compiler |= compiler;
            kept.on_full |= facts.stands_on_buildpack(image);
            kept.release = install.release;
            kept.has_other_repository |= has_other_repository(&chain);
            if let Some(name) = interpreter(install).filter(|name| !brings(name, image, &installs)) {
                kept.interpreters.insert(name, install.name);
            }
            if install.stage != image.index {
                // The last stage is what is built when none is named.
                kept.heir = image.name.clone().or_else(|| kept.heir.take());
            }
            let stays = |other: &SystemInstall<'_>| !catalogue::is_development_package(other.family, other.name);
            let shared = kept.shared.entry(install.name).or_default();
            *shared = (*shared).max(bytes_kept(facts, install, stays));
            if kept.headers.iter().all(|other| other.name != install.name) {
                kept.headers.push(install.clone());
            }
        }
    }
    found.retain(|_, kept| !kept.is_light());
    if found.is_empty() {
        return;
    }
    // One look at the sources answers for all.
    let headers = || found.values().flat_map(|kept| &kept.headers);
    let is_named = |name: &str| headers().any(|install| install.name == name);
    let named = headers().map(|install| {
        let mut signs = signs(install.name);
        // What comes along has names of its own: `libgdal-dev` brings `libgeos_c.so`.
        let along = catalogue::headers_along(install.name).iter().filter(|name| !is_named(name));
        signs.hints.extend(along.flat_map(|name| library_names(name)));
        signs
    });
    let wanted: Vec<UseSigns> = std::iter::once(UseSigns::of_compilers()).chain(named).collect();
    let mut uses = facts.uses_of(&wanted, Seen::WhenRunning).into_iter();
    if uses.next().flatten().is_some() {
        return;
    }
    for kept in found.values_mut() {
        let (idle, used) = std::mem::take(&mut kept.headers).into_iter().partition(|_| uses.next().flatten().is_none());
        kept.headers = idle;
        needed.extend::<Vec<SystemInstall<'_>>>(used);
    }
    for (range, mut kept) in found {
        kept.stay_beside(facts, &needed);
        report(facts, range, &kept, reporter);
    }
}

/// Packages of ROS depend on development packages where their sources do: `ros-noetic-moveit-core` on `libeigen3-dev`.
fn is_of_robots(name: &str) -> bool {
    name.starts_with("ros-") && name.split('-').count() > 2
}

/// Whether a step names another repository of packages, which may have newer libraries by other names: `add-apt-repository ppa:…`.
fn has_other_repository(chain: &[&StageFacts]) -> bool {
    let mut commands = chain.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
    commands.any(|command| matches!(command.program.as_str(), "add-apt-repository" | "apt-add-repository"))
}

/// Whether an image has Python, without which no kernels are compiled.
fn has_python(facts: &Facts<'_>, chain: &[&StageFacts], installs: &[SystemInstall<'_>]) -> bool {
    chain.iter().any(|stage| stage.image.brings_python() || stage.runs.iter().any(|run| run.opaque))
        || !facts.python_installs().is_empty()
        || installs.iter().any(|install| install.name.starts_with("python"))
}

/// What is one finding: the instruction, `RUN apk add a-dev && apk add b-dev`, or the command where it stands in a script.
fn one_finding(facts: &Facts<'_>, install: &SystemInstall<'_>) -> TextRange {
    let instruction = facts.dockerfile.instructions.get(install.instruction).map(|instruction| instruction.range);
    let own = instruction.filter(|range| range.contains_range(install.argument.range));
    own.filter(|_| install.invocation.script().is_none()).unwrap_or(install.invocation.range)
}

/// Whether what the command installs is headers, and the image would not have them anyway.
fn holds_needless_headers(facts: &Facts<'_>, install: &SystemInstall<'_>) -> bool {
    let is_debian = install.family == Distribution::Debian;
    let is_meant = || facts.is_said_to_serve_at_start(install) || facts.is_said_to_be_loaded(install);
    install.invocation.guard == Guard::Always
        && catalogue::is_development_package(install.family, install.name)
        && !catalogue::is_one_of(install.name, &NEEDED)
        && !(is_debian && OTHER_LIBRARIES.contains(&install.name))
        && facts
            .stages
            .get(install.stage)
            .is_some_and(|stage| facts.knows_base(stage) && !facts.has_already(stage, install.name))
        && !comes_anyway(install)
        && !serves_dotnet(facts, install)
        && !serves_a_browser(facts, install)
        && !facts.deletes_in_layer(install, "/usr/include")
        && !facts.is_kept_apart(install)
        && !is_meant()
}

/// Whether the package is for .NET, which compiles nothing with headers and finds libraries by their plain names, `libX11.so`, which only
/// these packages have: `[DllImport("libdl")]`. Of the C library that is so up to glibc 2.33.
fn serves_dotnet(facts: &Facts<'_>, install: &SystemInstall<'_>) -> bool {
    // These it finds by the names with versions, or they hold no library that a program loads.
    const NO_USE: [&str; 8] = ["libboost", "libicu", "libssl", "libkrb5", "libcurl", "libstdc++", "python", "zlib1g"];
    let Some(stage) = facts.stages.get(install.stage) else { return false };
    let root = facts.ancestors(stage).last().unwrap_or(stage);
    if NO_USE.iter().any(|start| install.name.starts_with(start)) {
        return false;
    }
    let is_old = matches!(install.release, Release::Bullseye | Release::Focal | Release::Older | Release::Other);
    (is_old || install.name != "libc6-dev")
        && ["dotnet", "aspnet"].iter().any(|name| root.image.repository.contains(name))
}

/// Whether the package stands in a list of what a browser loads, which a driver for Node.js downloads: `libgtk-3-dev` brings `libgbm1`.
fn serves_a_browser(facts: &Facts<'_>, install: &SystemInstall<'_>) -> bool {
    const LISTED: [&str; 7] =
        ["libgtk-3-dev", "libgtk2.0-dev", "libgbm-dev", "libnotify-dev", "libnss3-dev", "libasound2-dev", "libxss-dev"];
    LISTED.contains(&install.name) && facts.has_node_driver()
}

/// Whether something may need the headers, or take them out, of which nothing more is known: a package that is no repository's is installed
/// behind them, `rpm -U mesos-1.7.0.rpm`.
fn may_be_required(chain: &[&StageFacts], installs: &[SystemInstall<'_>], install: &SystemInstall<'_>) -> bool {
    // `apt-get purge zlib1g-dev` takes out all that depends on it, which of a package that nobody knows may be this one.
    let known = install.known().is_some();
    let own = chain.iter().flat_map(|stage| &stage.runs).filter(|run| run.instruction == install.instruction);
    let mut removals = own.flat_map(|run| &run.invocations).filter_map(SystemRemoval::read);
    if !known && removals.any(|removal| removal.names.iter().any(|name| name.ends_with("-dev"))) {
        return true;
    }
    // Headers of libraries for GObject bring the descriptions that `gir1.2-*` packages hold, and that bindings read when they run.
    let describes = |name: &str| name.starts_with("gir1.2-") || name.starts_with("libgirepository");
    let of_gobject = ["gobject-", "libgirepository", "libglib", "libgtk", "libgdk", "libgst", "libpango", "libcairo"];
    let is_described =
        install.name.contains("-glib-") || of_gobject.iter().any(|start| install.name.starts_with(start));
    if is_described && installs.iter().any(|other| describes(other.name)) {
        return true;
    }
    let runs = chain.iter().flat_map(|stage| &stage.runs).filter(|run| run.instruction >= install.instruction);
    runs.flat_map(|run| &run.invocations).any(|invocation| {
        let options = Options::read(&invocation.arguments, &[]);
        match invocation.program.as_str() {
            "rpm" => {
                options.has(&["-i", "-U", "--install", "--upgrade"]) && !options.has(&["-q", "--import", "--query"])
            }
            "dpkg" => options.has(&["-i", "--install"]),
            _ => false,
        }
    })
}

/// Whether another package that is named depends on the headers, so that they stay whoever leaves them out: Debian's `npm` depends on
/// `node-gyp`, that on `libnode-dev`, that on `libssl-dev`.
fn comes_with_another(installs: &[SystemInstall<'_>], install: &SystemInstall<'_>) -> bool {
    const OF_NODE: [&str; 4] = ["libnode-dev", "libssl-dev", "libuv1-dev", "zlib1g-dev"];
    install.family == Distribution::Debian
        && installs.iter().any(|other| match other.name {
            "npm" | "node-gyp" => other.invocation.guard == Guard::Always && OF_NODE.contains(&install.name),
            name => name.starts_with("postgresql-server-dev-") && install.name == "libpq-dev",
        })
}

/// Debian recommends headers and compilers beside `python3-pip`, and did beside `python-pip`.
fn comes_anyway(install: &SystemInstall<'_>) -> bool {
    let with_recommended = Apt::read(install.invocation).is_some_and(|apt| apt.recommends() != Some(false));
    with_recommended
        && install.invocation.arguments.iter().any(|word| match word.value.text() {
            "python3-pip" => matches!(install.name, "python3-dev" | "libpython3-dev"),
            "python-pip" => matches!(install.name, "python-dev" | "python-all-dev" | "libpython-dev"),
            _ => false,
        })
}

/// `LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so`: the name without a version comes with the headers.
fn signs(name: &str) -> UseSigns {
    let mut hints = library_names(name);
    let openers = OPENED_BY_NAME.iter().filter(|(package, _)| *package == name);
    hints.extend(openers.map(|(_, opener)| (*opener).to_owned()));
    UseSigns { hints, ..UseSigns::default() }
}

/// The names without a version, in small letters, of the libraries in a development package.
fn library_names(name: &str) -> Vec<String> {
    let whole = name.trim_end_matches("-dev").trim_end_matches("-devel");
    // `libjpeg62-turbo-dev` is none of them, `libsndfile1-dev` has `libsndfile.so`, `libxml2-dev` `libxml2.so`.
    let stem = whole.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let is_one = |stem: &&str| stem.starts_with("lib") && stem.len() > 4;
    let both = [whole, stem].into_iter().filter(is_one).map(|stem| format!("{stem}.so").to_lowercase());
    both.chain(link_names(name).iter().map(|&name| name.to_owned())).collect()
}

/// Bytes beyond those of the run-time libraries.
fn own_bytes(entry: &SystemPackage, kept: &Kept<'_>) -> Option<u64> {
    if kept.on_full {
        let needs = runtime(entry, kept);
        let all: Vec<&str> = needs.iter().copied().chain([entry.name]).collect();
        return catalogue::bytes_beyond_buildpack(&all)?.checked_sub(catalogue::bytes_beyond_buildpack(&needs)?);
    }
    let release = kept.release;
    let of = |name: &str| {
        catalogue::system_package(Distribution::Debian, name).and_then(|entry| entry.on(release).installed_bytes)
    };
    let needs = runtime(entry, kept);
    let closure = |names: &[&str]| catalogue::closure_bytes(names.iter().copied(), release).0;
    // What they depend on together counts once: `libxmlsec1` and `libxmlsec1-openssl`.
    let shared = needs.iter().map(|name| closure(&[name])).sum::<u64>().saturating_sub(closure(&needs));
    let each = needs.iter().map(|name| of(name).unwrap_or_else(|| closure(&[name]))).sum::<u64>();
    let of_libc = |names: &[&str]| catalogue::bytes_shared(names.iter().copied(), ["libc6-dev"], false, release);
    let bytes = entry.installed_bytes?;
    let with_libc = match catalogue::closure_bytes([entry.name], release) {
        _ if !kept.compiler => 0,
        // `libopenblas-dev` brings none of them, and what the library needs as well is counted with that.
        (_, true) => of_libc(&[entry.name]).saturating_sub(of_libc(&needs)),
        (_, false) => of("libc6-dev").filter(|libc| bytes >= *libc).unwrap_or_default(),
    };
    let needs = each.saturating_sub(shared);
    Some(bytes.saturating_sub(needs).saturating_sub(with_libc))
}

fn report(facts: &Facts<'_>, range: TextRange, kept: &Kept<'_>, reporter: &mut Reporter<'_>) {
    let entries: Vec<(&SystemInstall<'_>, Option<SystemPackage>)> =
        kept.headers.iter().map(|install| (install, install.known())).collect();
    let (bytes, _) = kept.bytes();
    let Some((first, _)) = entries.first().filter(|_| !kept.is_light()) else { return };
    let names: Vec<String> = kept.headers.iter().map(|install| format!("`{}`", install.name)).collect();
    let (verb, their) = if names.len() == 1 { ("stays", "its") } else { ("stay", "their") };
    let primary = first.argument.range;
    let message = format!(
        "{} {verb} in the runtime image, where nothing seen needs {their} headers",
        listed_up_to(&names, LISTED)
    );
    let mut finding = reporter.report(if range.contains_range(primary) { primary } else { range }, message);
    let mut needed: BTreeSet<String> = BTreeSet::new();
    // Elsewhere the libraries came with the headers as well, under names that are not known here.
    let mut unknown: Vec<String> = Vec::new();
    for (install, entry) in &entries {
        let libraries = libraries(install, entry.as_ref(), kept);
        let interpreter = interpreter(install).filter(|name| kept.interpreters.contains_key(name));
        if libraries.is_none() && interpreter.is_none() && !WITHOUT_LIBRARY.contains(&install.name) {
            unknown.push(format!("`{}`", install.name));
        }
        let libraries = libraries.unwrap_or_default();
        let text = match (entry, &interpreter) {
            _ if kept.own_python && is_of_python(install.name) => {
                "headers of the distribution's Python, with that Python; the image runs another".to_owned()
            }
            (_, Some(name)) => {
                let kind = if PROGRAMS.contains(&name.as_str()) { "program" } else { "interpreter" };
                format!("headers of `{name}`, with the {kind} itself")
            }
            _ if libraries.is_empty() => "headers and link libraries".to_owned(),
            _ => format!("what is linked with it needs {}", listed(&libraries)),
        };
        needed.extend(libraries);
        needed.extend(interpreter.map(|name| format!("`{name}`")));
        if install.argument.range == primary {
            finding.primary_label(text);
        } else {
            finding.label(install.argument.range, text);
        }
    }
    if let Some(script) = first.invocation.script() {
        finding.note("script", format!("the command stands in `{script}`"));
    }
    if let Some(range) = kept.headers.iter().find_map(|install| facts.late_removal(install)) {
        finding.label(range, LATE_REMOVAL);
    }
    if let Some(heir) = &kept.heir {
        finding.note("image", format!("the stage `{heir}` is built on this one and is shipped"));
    }
    if kept.gpu {
        finding.note("gpu", "an image for a GPU may compile kernels when it runs (Triton, `torch.compile`): look before you take them out");
    }
    if let Some(package) = kept.installer {
        finding.note("start", with_installs(package));
    }
    if kept.gpu || kept.installer.is_some() || bytes.is_none_or(|bytes| bytes < WEIGHTY) {
        finding.severity(Severity::Info);
    }
    // The trees below headers overlap: only the largest is certain.
    if let Some(bytes) = bytes.filter(|&bytes| bytes > 0) {
        let mut savings = Savings::of(Component::Path("headers".to_owned()), bytes, Basis::Catalogue);
        savings.complete = entries.len() == 1 || !kept.release.is_listed();
        finding.savings(savings);
    }
    if kept.own_python && entries.iter().all(|(install, _)| is_of_python(install.name)) {
        finding.help("leave it out: what compiles for the image's own Python takes the headers of that");
        return;
    }
    if let Some((stage, file)) = kept.headers.iter().find_map(|install| facts.developed_on(install)) {
        finding.note(
            "development",
            format!("the stage `{stage}`, which `{file}` builds, has them from here: install them there"),
        );
    }
    finding.help(help(facts, kept, &needed.into_iter().collect::<Vec<String>>(), &unknown));
}

/// What to do, where the run-time image needs the packages `named` and the libraries of the headers `unknown`.
fn help(facts: &Facts<'_>, kept: &Kept<'_>, named: &[String], unknown: &[String]) -> String {
    let mut keep = named.to_vec();
    if keep.is_empty() && !unknown.is_empty() {
        keep.push("the libraries themselves".to_owned());
    } else if !unknown.is_empty() {
        keep.push(format!("the libraries of {}", listed_up_to(unknown, LISTED)));
    }
    let target = if keep.is_empty() {
        "an image without them".to_owned()
    } else {
        format!("an image that has {} instead", listed(&keep))
    };
    // `libsasl2-2` came with `libsasl2-dev`, and goes with it.
    let on_alpine = kept.headers.iter().any(|install| install.family == Distribution::Alpine);
    let more = if !keep.is_empty()
        && (on_alpine || kept.headers.iter().any(|install| facts.removes_automatic_beside(install)))
    {
        let how = if on_alpine { "apk del" } else { "--auto-remove" };
        let mut those = named.to_vec();
        // Of several packages the names of some libraries are known: `ruby-dev` and `mysql-dev`.
        match (named, unknown) {
            ([], _) => those.push("the libraries".to_owned()),
            (_, []) => {}
            _ => those.push("the other libraries".to_owned()),
        }
        let them = if named.len() == 1 && unknown.is_empty() { "it" } else { "them" };
        let those = listed(&those);
        format!(", and install {those} there by name, since `{how}` takes {them} along otherwise")
    } else if kept.interpreters.is_empty() {
        String::new()
    } else {
        let each = kept.interpreters.iter().map(|(name, headers)| format!("`{name}` came with `{headers}`"));
        let one = if kept.interpreters.len() == 1 { "it" } else { "them" };
        format!("; {}: install {one} by name", listed(&each.collect::<Vec<String>>()))
    };
    format!(
        "compile in a builder stage and copy the result into {target}, or install and purge the headers in the `RUN` that compiles{more}"
    )
}
