"use strict";
const value = (cell) => {
  const text = cell.textContent.trim();
  const number = text.replaceAll(",", "").match(/^(?:< )?([+-]?\d+(?:\.\d+)?)/);
  return { text, number: number ? parseFloat(number[1]) : -Infinity };
};
for (const head of document.querySelectorAll("table.sortable thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = "Sort by this column";
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", () => {
    const way = head.getAttribute("aria-sort") === "descending" ? "ascending" : "descending";
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", way);
    const body = head.closest("table").tBodies[0];
    const sign = way === "descending" ? -1 : 1;
    const rows = [...body.rows].map((row) => ({ row, key: value(row.cells[head.cellIndex]) }));
    rows.sort((a, b) => a.key.number === b.key.number
      ? -sign * a.key.text.localeCompare(b.key.text)
      : sign * (a.key.number - b.key.number));
    body.append(...rows.map((one) => one.row));
  });
}
const folded = () => [...document.querySelectorAll("details:not([open])")]
  .filter((one) => one.querySelectorAll("tr").length <= 40);
let opened = [];
addEventListener("beforeprint", () => {
  opened = folded();
  for (const one of opened) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
});
const mark = () => {
  for (const box of document.querySelectorAll(".scroll")) {
    box.classList.toggle("wide", box.scrollWidth > box.clientWidth + 1);
  }
};
mark();
addEventListener("resize", mark);
document.addEventListener("toggle", mark, true);
