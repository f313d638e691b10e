const text = (value) => value ?? "unknown";

/** The columns of the table. What is not known comes last, whatever the direction. */
const COLUMNS = [
  { key: "name", title: "Service", value: (service) => service.name.toLowerCase(), cell: nameCell },
  { key: "base", title: "Base", value: (service) => service.base, cell: (service) => textCell(service.base) },
  {
    key: "image",
    title: "Image",
    isNumber: true,
    value: (service) => service.image,
    cell: (service) => figureCell(imageText(service, aboutShort)),
  },
  {
    key: "reclaimable",
    title: "Could go",
    isNumber: true,
    value: (service) => (service.reclaimable > 0 || service.unmeasured === 0 ? service.reclaimable : null),
    cell: (service) => figureCell(reclaimableText(service, aboutShort)),
  },
  {
    key: "dominant",
    title: "Dominated by",
    value: (service) => service.dominant,
    cell: (service) => textCell(service.dominant),
  },
  {
    key: "findings",
    title: "Findings",
    isNumber: true,
    value: (service) => service.findings.length,
    cell: (service) => figureCell(String(service.findings.length)),
  },
];

const largestImage = Math.max(1, ...report.services.map((service) => service.image ?? 0));
const rows = [];
let sorting = { key: report.order, isDescending: report.order !== "name" };

function nameCell(service) {
  const bar = element(
    "span",
    { class: "bar", "aria-hidden": "true" },
    service.image > 0 && partsBar(service.parts, largestImage),
  );
  return element(
    "th",
    { scope: "row" },
    element("a", { href: pageOf(service) }, service.name),
    element("span", { class: "base-below" }, text(service.base)),
    bar,
  );
}

const textCell = (value) => element("td", { class: value ? "text" : "text unknown" }, text(value));

function figureCell(value) {
  const isNone = value === "unknown" || value === "nothing";
  return element("td", { class: isNone ? "figure unknown" : "figure" }, value === "nothing" ? "–" : value);
}

function drawTable() {
  const heads = COLUMNS.map((column) => {
    const button = element("button", { type: "button" }, column.title, element("span", { class: "arrow", "aria-hidden": "true" }));
    button.addEventListener("click", () => sortBy(column));
    const unit = column.isNumber ? "figure" : "text";
    return element("th", { scope: "col", class: `${unit} column-${column.key}`, "data-key": column.key }, button);
  });
  byId("table").tHead.append(element("tr", {}, heads));
  for (const service of report.services) {
    const cells = COLUMNS.map((column) => {
      const cell = column.cell(service);
      cell.classList.add(`column-${column.key}`);
      return cell;
    });
    rows.push({ service, node: element("tr", {}, cells) });
  }
  byId("table").tBodies[0].append(...rows.map((row) => row.node));
  markSorting();
}

/** Sorts by a column; a second time the other way round. Figures begin with the largest. */
function sortBy(column) {
  const isSame = sorting.key === column.key;
  sorting = { key: column.key, isDescending: isSame ? !sorting.isDescending : Boolean(column.isNumber) };
  const direction = sorting.isDescending ? -1 : 1;
  rows.sort((a, b) => {
    const [first, second] = [column.value(a.service), column.value(b.service)];
    if (first === second) return a.service.number - b.service.number;
    if (first === null || second === null) return first === null ? 1 : -1;
    return (first < second ? -1 : 1) * direction;
  });
  byId("table").tBodies[0].append(...rows.map((row) => row.node));
  markSorting();
}

function markSorting() {
  for (const head of byId("table").tHead.querySelectorAll("th")) {
    if (head.dataset.key === sorting.key) {
      head.setAttribute("aria-sort", sorting.isDescending ? "descending" : "ascending");
    } else {
      head.removeAttribute("aria-sort");
    }
  }
}

/** Shows the rows of these services only. */
function showRows(services) {
  const shown = new Set(services);
  for (const row of rows) row.node.hidden = !shown.has(row.service);
}

/** The services in the order of the table, as far as they are shown. */
const servicesInOrder = () => rows.filter((row) => !row.node.hidden).map((row) => row.service);
