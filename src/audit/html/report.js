const BASES = {
  lock: "wheel sizes of lock files, with measured unpack ratios",
  context: "files measured in the build context",
  catalogue: "slimlint's catalogue of measured packages and images",
};
const basisText = (basis) => BASES[basis] ?? basis;

/** The savings that one can filter by, in bytes. */
const MINIMA = [0, 1e6, 1e7, 1e8, 5e8, 1e9, 5e9];

function drawSums() {
  const { totals } = report;
  const known = totals.services - totals.unknown_images;
  const sums = namedParts(totals.parts);
  const isLeast = !sums.every((part) => part.isComplete);
  const all = sums.reduce((sum, part) => sum + part.bytes, 0);
  const headline = byId("headline");
  if (totals.services === 0) {
    headline.append("There is no Dockerfile here.");
    document.querySelectorAll("#overview > :not(.sums)").forEach((section) => (section.hidden = true));
    return;
  }
  if (totals.reclaimable_bytes > 0) {
    // What could go of images of unknown size is no share of the others.
    const share = all > 0 ? sums.reduce((sum, part) => sum + part.reclaimable, 0) / all : 0;
    headline.append(
      element("strong", {}, about(totals.reclaimable_bytes, totals.unmeasured === 0).replace(/^a/, "A")),
      known > 0 ? ` of ${about(totals.image_bytes, !isLeast)} could go` : " could go",
      share > 0 ? element("span", { class: "share" }, `${percent(share)} of what is known of the images`) : "",
    );
  } else {
    headline.append(`Nothing is known that could go${known > 0 ? ` of ${about(totals.image_bytes, !isLeast)}` : ""}`);
  }
  byId("total-bar").append(...partsBar(sums, Math.max(1, all)));
  const entry = (part) =>
    element(
      "li",
      {},
      element("span", { class: `swatch part-${part.name}` }),
      part.title,
      element("span", { class: "bytes" }, formatBytes(part.bytes)),
    );
  byId("legend").append(
    ...sums.filter((part) => part.bytes > 0).map(entry),
    element("li", {}, element("span", { class: "swatch" }, element("span", { class: "gone" })), "could go"),
  );
  const figure = (name, value, note) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value, note && element("small", {}, note)));
  const { keep } = totals;
  byId("figures").append(
    figure("Services", totals.services.toLocaleString("en"), `from ${counted(totals.dockerfiles, "Dockerfile")}`),
    figure(
      "Images",
      known > 0 ? about(totals.image_bytes, !isLeast) : "unknown",
      totals.unknown_images > 0 ? `${totals.unknown_images} more of unknown size` : totals.complete ? "all sizes are known" : "something is known of all",
    ),
    figure(
      "Could go",
      totals.reclaimable_bytes > 0 ? about(totals.reclaimable_bytes, totals.unmeasured === 0) : totals.unmeasured > 0 ? "unknown" : "nothing",
      totals.unmeasured > 0 ? `and more in ${counted(totals.unmeasured, "service")}` : "",
    ),
    figure("Findings", totals.findings.toLocaleString("en"), `of ${counted(Object.keys(report.rules).length, "rule")}`),
    keep === null
      ? ""
      : figure(
          `Registry with ${counted(keep, "version")} of each`,
          about(totals.image_bytes * keep, !isLeast),
          `of it ${about(totals.reclaimable_bytes * keep, totals.unmeasured === 0)} could go, if versions share no layers`,
        ),
  );
}

function drawBasis() {
  const { totals } = report;
  const bases = Object.entries(totals.basis).sort((a, b) => b[1] - a[1]);
  const entries = bases.map(([basis, number]) => element("li", {}, `${counted(number, "finding")}: ${basisText(basis)}`));
  byId("basis-text").append(
    element(
      "p",
      {},
      "Every figure is an estimate from the files of the repository: nothing was built, run or downloaded. A figure is the size of the files in the image, unpacked; 1 GB is 1,000,000,000 bytes. What several services share counts once for each, since each image holds its own copy.",
    ),
    element(
      "ul",
      {},
      element("li", {}, element("strong", {}, "~"), " all parts are known, as estimates."),
      element("li", {}, element("strong", {}, "at least"), " or ", element("strong", {}, "≥"), " part of it is unknown, so it is more."),
      element("li", {}, element("strong", {}, "unknown"), " nobody can tell from the files. It is in no sum and has no box in the map."),
    ),
    entries.length > 0 ? element("p", {}, "Where the figures of findings come from:") : "",
    entries.length > 0 ? element("ul", {}, entries) : "",
    totals.left_out > 0 ? element("p", {}, `${counted(totals.left_out, "service")} left out of the map and the table by --limit or --min-saving; sums are over all.`) : "",
    totals.unplanned > 0 ? element("p", {}, `No patch was made for ${counted(totals.unplanned, "Dockerfile")}: there are too many.`) : "",
  );
  byId("tool").textContent = `Written by ${report.tool}. This file asks nothing of a network.`;
}

const form = byId("filter");
const [filterText, filterRule, filterMinimum] = ["text", "rule", "minimum"].map((name) => byId(`filter-${name}`));

function drawFilter() {
  const rules = new Map();
  for (const service of report.services) {
    for (const rule of service.rules) rules.set(rule, (rules.get(rule) ?? 0) + 1);
  }
  const option = ([rule, number]) => element("option", { value: rule }, `${rule} (${number})`);
  filterRule.append(...[...rules].sort((a, b) => a[0].localeCompare(b[0])).map(option));
  filterMinimum.append(
    ...MINIMA.map((bytes) => element("option", { value: bytes }, bytes === 0 ? "anything" : formatBytes(bytes))),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", applyFilter);
  form.addEventListener("reset", () => setTimeout(applyFilter));
}

function filtered() {
  const words = filterText.value.toLowerCase().split(/\s+/).filter(Boolean);
  const minimum = Number(filterMinimum.value);
  return report.services.filter(
    (service) =>
      words.every((word) => service.searched.includes(word)) &&
      (filterRule.value === "" || service.rules.has(filterRule.value)) &&
      service.reclaimable >= minimum,
  );
}

function applyFilter() {
  const services = filtered();
  showRows(services);
  tellFilter(services);
  // Who filters looks at all that is left.
  if (drawn.zoomed && !services.includes(drawn.zoomed)) history.replaceState(null, "", "#map");
  drawMap(services, zoomedService());
}

/** Says what is left of the services. */
function tellFilter(services) {
  const isAll = services.length === report.services.length;
  const sum = (value) => services.reduce((total, service) => total + value(service), 0);
  const known = services.some((service) => service.image !== null);
  const image = known ? about(sum((service) => service.image ?? 0), services.every((service) => service.complete)) : "unknown size";
  const reclaimable = about(sum((service) => service.reclaimable), services.every((service) => service.unmeasured === 0));
  byId("filter-count").textContent = isAll
    ? `All ${counted(services.length, "service")}${report.totals.left_out > 0 ? ` shown; ${report.totals.left_out} are left out` : ""}`
    : `${services.length} of ${counted(report.services.length, "service")}: images of ${image}, ${reclaimable} could go`;
}

function showRule(rule) {
  form.reset();
  filterRule.value = rule;
  applyFilter();
  byId("map").scrollIntoView({ block: "start" });
  byId("filter-rule").focus({ preventScroll: true });
}

const fragment = () => location.hash.slice(1);

function zoomedService() {
  return fragment().startsWith("zoom-") ? (serviceOfSlug.get(fragment().slice("zoom-".length)) ?? null) : null;
}

/** Where the overview was scrolled to when a page was opened. */
let overviewScroll = 0;

/** Shows what the fragment of the address names: the page of a service, the inside of one in the map, or everything. */
function route(event) {
  const name = fragment();
  const service = name.startsWith("service-") ? serviceOfSlug.get(name.slice("service-".length)) : undefined;
  const overview = byId("overview");
  const page = byId("page");
  const wasPage = !page.hidden;
  if (service && !wasPage && event) overviewScroll = scrollY;
  hideTooltip();
  overview.hidden = Boolean(service);
  page.hidden = !service;
  document.title = service ? `${service.name}: ${report.title}` : `${report.title}: image audit`;
  if (service) {
    drawPage(service);
    scrollTo(0, 0);
    byId("page-title").focus({ preventScroll: true });
    return;
  }
  page.replaceChildren();
  // The link that skips what stands above them leads here from the page of a service, too.
  if (wasPage && name === "services") {
    byId("services").scrollIntoView({ block: "start" });
    byId("services").focus({ preventScroll: true });
    drawMap(filtered(), null);
    return;
  }
  const wasIn = document.activeElement === document.body || tiles.contains(document.activeElement);
  const zoomed = zoomedService();
  const before = drawn.zoomed;
  if (!event || zoomed !== before || wasPage) drawMap(filtered(), zoomed);
  if (!event) return;
  if (wasPage) scrollTo(0, name === "" ? overviewScroll : scrollY);
  if (wasIn && zoomed !== before) {
    const box = before ? tiles.querySelector(`a[href="${zoomOf(before)}"]`) : null;
    const target = box ?? tiles.querySelector("a");
    if (target) {
      tiles.querySelectorAll("a[tabindex='0']").forEach((link) => (link.tabIndex = -1));
      target.tabIndex = 0;
      target.focus({ preventScroll: true });
    }
  }
}

/** What is folded is opened for print, and folded again. */
function preparePrint() {
  const folded = [];
  const hidden = [];
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("#report details:not([open])")) {
      details.fill?.();
      details.open = true;
      folded.push(details);
    }
    for (const entry of document.querySelectorAll("#cause-list li[hidden]")) {
      entry.hidden = false;
      hidden.push(entry);
    }
  });
  addEventListener("afterprint", () => {
    folded.splice(0).forEach((details) => (details.open = false));
    hidden.splice(0).forEach((entry) => (entry.hidden = true));
  });
}

byId("theme").addEventListener("input", ({ target }) => {
  document.documentElement.style.colorScheme = target.value || "light dark";
});

drawSums();
drawBasis();
drawFilter();
drawCauses(showRule);
drawTable();
byId("report").hidden = false;
tellFilter(report.services);
route();
preparePrint();
addEventListener("hashchange", route);
// What follows is for browsers without this script, or in which it failed.
document.documentElement.classList.add("drawn");
addEventListener("DOMContentLoaded", () => byId("plain").remove());
