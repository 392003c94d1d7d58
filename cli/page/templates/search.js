(() => {
  "use strict";
  const box = document.querySelector(".search");
  if (!box) return;
  const input = box.querySelector("input");
  const count = box.querySelector("output");
  const found = document.querySelectorAll("[data-words]");
  const groups = document.querySelectorAll("[data-group]");
  const search = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const one of found) {
      one.hidden = !words.every((word) => one.dataset.words.includes(word));
      if (!one.hidden && one.matches("article")) shown += 1;
    }
    for (const group of groups) group.hidden = !group.querySelector("[data-words]:not([hidden])");
    count.textContent = words.length ? `${shown} of ${document.querySelectorAll("article[data-words]").length} studies` : "";
  };
  input.addEventListener("input", search);
  box.hidden = false;
  search();
})();
