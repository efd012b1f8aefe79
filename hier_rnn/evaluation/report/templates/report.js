"use strict";
// Everything is readable without this; it sorts, filters and points at what goes on beside.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const folded = text => text.toLowerCase().normalize("NFKC");

for (const table of all("table[data-sortable]")) {
  const body = table.tBodies[0], heads = all("thead th", table);
  heads.forEach((head, column) => {
    if (head.hasAttribute("aria-hidden")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = row => {
        const text = row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
        return text !== "" && Number.isFinite(+text) ? +text : text;
      };
      const order = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
      const rows = [...body.rows].sort((a, b) => (down ? -1 : 1) * order(value(a), value(b)));
      body.append(...rows);
    });
  });
}

for (const form of all("form.filter")) {
  form.hidden = false;
  const target = document.getElementById(form.dataset.target);
  const matrix = target.classList.contains("matrix");
  const items = matrix ? [...target.querySelector("tbody").rows] : all("[data-item]", target);
  const told = form.querySelector("output");
  const apply = () => {
    const words = folded(form.elements.words.value).split(/\s+/).filter(Boolean);
    const is = form.elements.is?.value ?? "", as = form.elements.as?.value ?? "";
    let shown = 0;
    for (const item of items) {
      const text = folded(matrix ? item.cells[0].textContent : item.textContent);
      const fits = words.every(word => text.includes(word))
        && (!is || item.dataset.is === is) && (!as || item.dataset.as === as);
      item.hidden = !fits;
      shown += fits;
    }
    if (matrix) {
      const visible = items.filter(row => !row.hidden), every = visible.length === items.length;
      all("thead th", target).forEach((head, column) => {
        const empty = column > 0 && !every && !visible.some(row => row.cells[column].textContent.trim());
        head.hidden = empty;
        items.forEach(row => { row.cells[column].hidden = empty; });
      });
    }
    told.textContent = `${shown.toLocaleString("en")} of ${items.length.toLocaleString("en")}`;
    edges();
  };
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", event => event.preventDefault());
  form.apply = apply;
  apply();
}

for (const link of all("a[data-is]")) {
  link.addEventListener("click", () => {
    const form = document.getElementById(link.dataset.form);
    form.reset();
    form.elements.is.value = link.dataset.is;
    form.elements.as.value = link.dataset.as;
    form.apply();
  });
}

function edges() {
  for (const box of all(".scroll")) {
    box.classList.toggle("more", box.scrollWidth - box.clientWidth - Math.abs(box.scrollLeft) > 4);
  }
}
all(".scroll").forEach(box => box.addEventListener("scroll", edges, { passive: true }));
addEventListener("resize", edges);
edges();
