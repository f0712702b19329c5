/* What the page does beyond being read: contents, sorting, toggles, exact numbers. All words stand in the markup. */
"use strict";
(() => {
  const root = document.documentElement;
  const every = (what, within = document) => Array.from(within.querySelectorAll(what));
  const phone = matchMedia("(max-width: 63.99rem)");

  /* Contents: the section that is being read is the current one. */
  const contents = document.querySelector(".contents details");
  const links = every(".contents a");
  const targets = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
  const mark = () => {
    let current = 0;
    targets.forEach((target, place) => {
      if (target && target.getBoundingClientRect().top < innerHeight / 4) current = place;
    });
    links.forEach((link, place) => {
      if (place === current) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    });
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      mark();
    });
  }, { passive: true });
  const fold = () => {
    if (contents) contents.open = !phone.matches;
  };
  phone.addEventListener("change", fold);
  links.forEach((link) => link.addEventListener("click", () => phone.matches && fold()));

  /* Tables: a column is the cells below one head. */
  const tables = every(".table > table").map((table) => {
    const lines = every("thead tr", table);
    return {
      table,
      groups: lines.length > 1 ? Array.from(lines[0].cells) : [],
      heads: Array.from(lines[lines.length - 1].cells),
      bodies: Array.from(table.tBodies).map((body) => ({
        body,
        titles: every("tr.title", body),
        rows: every("tr:not(.title)", body),
      })),
    };
  });
  const spans = new Map();
  every("[colspan]").forEach((cell) => spans.set(cell, cell.colSpan));

  /* Toggles: a column that is not asked for goes, and the heads above it shrink. */
  const asked = (name) => document.querySelector(`.view input[name="${name}"]:checked`).value;
  const gone = (head, chosen) =>
    (chosen.p !== "both" && head.dataset.p && head.dataset.p !== chosen.p) ||
    (chosen.chance !== "all" && head.dataset.chance && head.dataset.chance !== chosen.chance);
  const show = (chosen) => {
    for (const { table, groups, heads, bodies } of tables) {
      const whole = table.parentElement.dataset.chance;
      const aside = chosen.chance !== "all" && whole && whole !== chosen.chance;
      table.parentElement.classList.toggle("aside", Boolean(aside));
      const off = heads.map((head) => !aside && Boolean(gone(head, chosen)));
      heads.forEach((head, place) => {
        head.classList.toggle("off", off[place]);
        for (const { rows } of bodies) for (const row of rows) row.cells[place].classList.toggle("off", off[place]);
      });
      let place = 0;
      for (const group of groups) {
        const width = spans.get(group) || 1;
        const left = off.slice(place, place + width).filter((each) => !each).length;
        place += width;
        group.classList.toggle("off", left === 0);
        if (left > 0 && spans.has(group)) group.colSpan = left;
      }
      const width = off.filter((each) => !each).length;
      for (const { titles, rows } of bodies) {
        for (const title of titles) title.cells[0].colSpan = width;
        for (const row of rows) {
          const other = chosen.chance !== "all" && row.dataset.chance && row.dataset.chance !== chosen.chance;
          row.classList.toggle("off", Boolean(!aside && other));
        }
      }
    }
    stop();
    scrollable();
  };
  const everything = { p: "both", chance: "all" };
  const apply = () => show({ p: asked("p"), chance: asked("chance") });
  const theme = () => {
    const chosen = asked("theme");
    if (chosen === "system") delete root.dataset.theme;
    else root.dataset.theme = chosen;
  };
  every(".view input").forEach((input) => input.addEventListener("change", input.name === "theme" ? theme : apply));

  /* Sorting: within the groups of rows, by the exact number; a third time puts the rows back. */
  const value = (cell) => {
    const told = cell.dataset.value;
    if (told === undefined) return cell.textContent.trim();
    return Number(told.split(" ")[0]);
  };
  const missing = (each) => typeof each === "number" && Number.isNaN(each);
  const order = (one, other, sign) => {
    if (missing(one) || missing(other)) return Number(missing(one)) - Number(missing(other));
    if (typeof one === "number" && typeof other === "number") return sign * (one - other);
    return sign * String(one).localeCompare(String(other), root.lang, { numeric: true });
  };
  const status = document.querySelector(".view .status");
  const sort = (entry, place, way) => {
    entry.heads.forEach((head, each) => {
      if (!head.querySelector(".sort")) return;
      if (each === place && way) head.setAttribute("aria-sort", way);
      else head.removeAttribute("aria-sort");
    });
    for (const { body, rows } of entry.bodies) {
      const sorted = rows.slice();
      if (way) {
        const sign = way === "ascending" ? 1 : -1;
        sorted.sort((one, other) => order(value(one.cells[place]), value(other.cells[place]), sign));
      }
      body.append(...sorted);
    }
    const told = way ? status.dataset[way] : status.dataset.original;
    status.textContent = told.replace("{}", () => entry.heads[place].textContent.trim());
  };
  const next = { none: "ascending", ascending: "descending", descending: "" };
  for (const entry of tables.filter((each) => each.table.hasAttribute("data-sortable"))) {
    entry.heads.forEach((head, place) => {
      if (head.tagName !== "TH") return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(entry, place, next[head.getAttribute("aria-sort") || "none"]));
    });
  }

  /* Exact numbers: each table and each paragraph is one stop of the tab key; arrows walk inside. */
  const tip = document.querySelector(".tip");
  let owner = null;
  const hide = () => {
    if (owner) owner.removeAttribute("aria-describedby");
    owner = null;
    tip.hidden = true;
  };
  const tell = (element) => {
    hide();
    owner = element;
    const numbers = element.dataset.value.split(" ").map((each) => (each === "null" ? tip.dataset.undefined : each));
    tip.querySelector(".exact").textContent = numbers.join(tip.dataset.between);
    tip.querySelector(".place").textContent = element.dataset.key || "";
    tip.hidden = false;
    element.setAttribute("aria-describedby", tip.id);
    const box = element.getBoundingClientRect();
    const below = box.bottom + tip.offsetHeight + 8 < innerHeight;
    tip.style.top = `${scrollY + (below ? box.bottom + 4 : box.top - tip.offsetHeight - 4)}px`;
    const furthest = root.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${scrollX + Math.max(8, Math.min(box.left, furthest))}px`;
  };
  const stops = new Map();
  function stop() {
    for (const group of stops.values()) {
      const seen = group.filter((each) => each.offsetParent !== null);
      const now = seen.find((each) => each.tabIndex === 0) || seen[0];
      group.forEach((each) => { each.tabIndex = each === now ? 0 : -1; });
    }
  }
  every("main [data-key][data-value]").forEach((element) => {
    const group = element.closest("table, p, li") || document.body;
    stops.set(group, (stops.get(group) || []).concat(element));
    element.tabIndex = -1;
    element.addEventListener("focus", () => tell(element));
    element.addEventListener("blur", hide);
    element.addEventListener("mouseenter", () => tell(element));
    element.addEventListener("mouseleave", (event) => {
      if (event.relatedTarget !== tip && !tip.contains(event.relatedTarget) && document.activeElement !== element) hide();
    });
  });
  tip.addEventListener("mouseleave", () => document.activeElement !== owner && hide());
  const step = (element, key) => {
    const seen = (each) => each.offsetParent !== null;
    const table = element.closest("table");
    if (table && (key === "ArrowUp" || key === "ArrowDown")) {
      const rows = every("tbody tr", table);
      const way = key === "ArrowUp" ? -1 : 1;
      const place = element.cellIndex;
      for (let at = rows.indexOf(element.parentElement) + way; at >= 0 && at < rows.length; at += way) {
        const cell = rows[at].cells[place];
        if (cell && cell.dataset.key && seen(cell)) return cell;
      }
      return null;
    }
    const group = every("[data-key][data-value]", element.closest("table, p, li")).filter(seen);
    const way = key === "ArrowLeft" ? -1 : key === "ArrowRight" ? 1 : 0;
    return way ? group[group.indexOf(element) + way] : null;
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    const element = event.target.closest("main [data-key][data-value]");
    if (!element || event.ctrlKey || event.altKey || event.metaKey) return;
    const other = step(element, event.key);
    if (!other) return;
    event.preventDefault();
    element.tabIndex = -1;
    other.tabIndex = 0;
    other.focus();
  });

  /* What is wider than the window can be reached by the keyboard. */
  function scrollable() {
    every(".table, figure").forEach((box) => {
      if (box.scrollWidth > box.clientWidth + 1) {
        box.tabIndex = 0;
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", box.querySelector("caption b, figcaption b").textContent);
      } else {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      }
    });
  }
  addEventListener("resize", scrollable);

  /* Paper shows everything, as the PDF does. */
  addEventListener("beforeprint", () => {
    hide();
    show(everything);
  });
  addEventListener("afterprint", apply);

  every("[data-needs-script]").forEach((element) => element.removeAttribute("hidden"));
  fold();
  mark();
  apply();
})();
