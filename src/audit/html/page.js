const FIX_KINDS = {
  safe: "Safe fix",
  unsafe: "Fix that could change behaviour",
  display: "To do by hand",
};

/** The page of one service. */
function drawPage(service) {
  byId("page").replaceChildren(
    neighbours(service),
    element("h1", { id: "page-title", tabindex: "-1" }, service.name),
    facts(service),
    partsSection(service),
    findingsSection(service),
    patchSection(service),
  );
}

function neighbours(service) {
  const order = servicesInOrder();
  const at = order.indexOf(service);
  const link = (other, title, rel) => other && element("a", { href: pageOf(other), rel, title: other.name }, title);
  return element(
    "nav",
    { class: "neighbours", "aria-label": "Services" },
    element("a", { href: "#" }, "← All services"),
    at >= 0 && link(order[at - 1], "Previous", "prev"),
    at >= 0 && link(order[at + 1], "Next", "next"),
  );
}

function facts(service) {
  const fact = (name, value, kind) => element("div", { class: kind }, element("dt", {}, name), element("dd", {}, value));
  return element(
    "dl",
    { class: "figures" },
    fact("Image", imageText(service), "main"),
    fact("Could go", reclaimableText(service), "main goes"),
    fact("Base", text(service.base)),
    fact("Dominated by", text(service.dominant)),
    fact("Dockerfile", service.dockerfile),
    fact("Context", service.context),
    service.target !== null && fact("Target", service.target),
  );
}

function partsSection(service) {
  const known = service.parts.reduce((sum, part) => sum + (part.bytes ?? 0), 0);
  const row = (part) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("span", { class: `swatch part-${part.name}` }), part.title),
      element("td", { class: "figure" }, partText(part)),
      element("td", { class: "figure" }, part.reclaimable > 0 ? `~${formatBytes(part.reclaimable)}` : "–"),
      element("td", { class: "note" }, PART_NAMES[part.name][1] + (part.isComplete ? "" : unknownNote(part))),
    );
  const parts = service.parts.filter((part) => part.bytes > 0 || part.reclaimable > 0 || !part.isComplete);
  const heads = ["Part", "Bytes", "Could go", "What it is"];
  const head = (title, index) => element("th", { scope: "col", class: index === 1 || index === 2 ? "figure" : "" }, title);
  return element(
    "section",
    { class: "card", "aria-labelledby": "parts-heading" },
    element("h2", { id: "parts-heading" }, "What it holds"),
    service.parts.some((part) => part.name === "base" && part.bytes === null) &&
      element(
        "p",
        { class: "hint" },
        known > 0
          ? `The size of its base is unknown; of the rest, ${formatBytes(known)} are known.`
          : "The size of its base is unknown, and so is that of the image.",
      ),
    known > 0 && element("div", { class: "bar large", "aria-hidden": "true" }, partsBar(service.parts, known)),
    element(
      "div",
      { class: "scroll" },
      element(
        "table",
        { class: "parts", "aria-labelledby": "parts-heading" },
        element("thead", {}, element("tr", {}, heads.map(head))),
        element("tbody", {}, parts.map(row)),
      ),
    ),
  );
}

const unknownNote = (part) => (part.bytes > 0 ? "; more of it is unknown" : "; how much is unknown");

function findingsSection(service) {
  const findings = [...service.findings].sort((a, b) => (b.bytes ?? -1) - (a.bytes ?? -1));
  return element(
    "section",
    { class: "card", "aria-labelledby": "findings-heading" },
    element("h2", { id: "findings-heading" }, counted(findings.length, "finding")),
    findings.length === 0 && element("p", { class: "empty" }, "Nothing is known that should go."),
    findings.map(findingEntry),
  );
}

/** How much a finding is about. */
function amount(finding) {
  if (finding.bytes !== null && finding.bytes > 0) return about(finding.bytes, !finding.at_least);
  return finding.in_image ? "size unknown" : "no bytes in the image";
}

function findingEntry(finding) {
  const { fix } = finding;
  const terms = finding.notes.map(([name, note]) => [name, note]);
  if (finding.basis) terms.push(["basis", basisText(finding.basis)]);
  if (finding.bytes > 0 && !finding.in_image) terms.push(["counts", "sent to the builder, not in the image"]);
  if (fix) terms.push(["fix", `${FIX_KINDS[fix.kind]}: ${fix.title}`]);
  if (fix?.risk) terms.push(["risk", fix.risk]);
  if (finding.help) terms.push(["help", finding.help]);
  const places = finding.labels.map(([place, message]) =>
    element("li", {}, element("code", {}, place), " ", prose(message)),
  );
  return element(
    "article",
    { class: "finding" },
    element(
      "h3",
      {},
      element("span", { class: finding.bytes > 0 && finding.in_image ? "amount known" : "amount" }, amount(finding)),
      " ",
      element("span", { class: "message" }, prose(finding.message)),
    ),
    element(
      "p",
      { class: "place" },
      element("span", { class: `severity ${finding.severity}` }, finding.severity),
      " ",
      element("code", {}, finding.rule),
      " at ",
      element("code", {}, finding.place),
    ),
    finding.code && element("pre", { class: "line", tabindex: "0" }, element("code", {}, finding.code)),
    places.length > 0 && element("ul", { class: "labels" }, places),
    terms.length > 0 && element("dl", { class: "notes" }, terms.map(([name, note]) => term(name, note))),
  );
}

const term = (name, note) => element("div", {}, element("dt", {}, name), element("dd", {}, prose(note)));

function patchSection(service) {
  const patches = service.patches.map((index) => report.patches[index]);
  const users = (index) => report.services.filter((other) => other.patches.includes(index) && other !== service);
  return element(
    "section",
    { class: "card", "aria-labelledby": "patch-heading" },
    element("h2", { id: "patch-heading" }, "What fixing would change"),
    patches.length === 0
      ? element("p", { class: "empty" }, "There is nothing that slimlint can fix here.")
      : element(
          "p",
          { class: "hint" },
          "All fixes together, those that could change behaviour included: what ",
          element("code", {}, "slimlint --fix --unsafe-fixes"),
          " would write.",
        ),
    service.patches.map((index) => patchEntry(report.patches[index], users(index))),
  );
}

function patchEntry(patch, others) {
  const shared = others.length > 0 ? `, shared with ${counted(others.length, "other service")}` : "";
  const { left_out: leftOut } = patch;
  return element(
    "details",
    { class: "patch", open: true },
    element("summary", {}, element("code", {}, patch.file), ` ${counted(patch.fixes, "fix")}${shared}`),
    element("pre", { tabindex: "0", "aria-label": `Patch of ${patch.file}` }, element("code", {}, patchLines(patch.text))),
    leftOut > 0 && element("p", { class: "hint" }, `${counted(leftOut, "line")} more; slimlint --diff --unsafe-fixes shows them all.`),
    others.length > 0 && serviceList(`Also changes ${counted(others.length, "service")}`, others),
  );
}

/** The hunks of a unified diff; the lines above them say no more than the heading. */
function patchLines(diff) {
  const lines = diff.split("\n");
  const start = lines.findIndex((line) => line.startsWith("@@"));
  return lines.slice(Math.max(0, start)).map((line) => {
    const content = `${line}\n`;
    if (line.startsWith("+")) return element("ins", {}, content);
    if (line.startsWith("-")) return element("del", {}, content);
    return element("span", { class: line.startsWith("@@") ? "hunk" : "same" }, content);
  });
}
