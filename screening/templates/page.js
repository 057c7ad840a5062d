// Tables sort by a click on a heading, or by Enter or Space on it. Without scripts they stay as they were written.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const textOf = (row, column) => row.cells[column].textContent.trim();
  const numberOf = (text) => parseFloat(text.replaceAll(",", ""));
  const sort = (column, sign) => {
    const rows = [...body.rows];
    const filled = rows.filter((row) => textOf(row, column));
    const numeric = filled.every((row) => !Number.isNaN(numberOf(textOf(row, column))));
    const compare = (one, other) => {
      const [left, right] = [textOf(one, column), textOf(other, column)];
      const apart = numeric ? numberOf(left) - numberOf(right) : 0;
      return sign * (apart || left.localeCompare(right, "en", { numeric: true }));
    };
    // What is blank comes last, whichever way.
    body.append(...filled.sort(compare), ...rows.filter((row) => !textOf(row, column)));
  };
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    // Not a <button>: Chromium does not repeat on the next sheet a table head that holds one.
    const button = document.createElement("span");
    button.setAttribute("role", "button");
    button.tabIndex = 0;
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      button.click();
    });
    button.addEventListener("click", () => {
      const rising = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      sort(column, rising ? 1 : -1);
    });
  });
}
// What is folded away is printed all the same.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => (each.open = true)));
// In a frame a link within the page may resolve against the address around it, and lead out of the page.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  const target = link && document.getElementById(link.getAttribute("href").slice(1));
  if (!target) return;
  event.preventDefault();
  target.tabIndex = -1;
  target.focus({ preventScroll: true });
  target.scrollIntoView();
});
