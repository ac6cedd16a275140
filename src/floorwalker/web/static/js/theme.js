// Loaded before the page is painted, as a classic script, so that a chosen theme never flashes.
(() => {
  const KEY = "floorwalker-theme";
  const ORDER = ["auto", "light", "dark"];
  const root = document.documentElement;

  const read = () => {
    try {
      const stored = localStorage.getItem(KEY);
      return ORDER.includes(stored) ? stored : "auto";
    } catch {
      return "auto"; // storage may be forbidden; the page works without
    }
  };

  const apply = (theme) => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
  };

  const announce = () => document.dispatchEvent(new CustomEvent("themechange"));

  let theme = read();
  apply(theme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", announce);

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("#theme");
    if (!button) return;
    const label = () => { button.textContent = `Theme: ${theme}`; };
    label();
    button.hidden = false;
    button.addEventListener("click", () => {
      theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
      try { localStorage.setItem(KEY, theme); } catch { /* not kept; still applied */ }
      apply(theme);
      label();
      announce();
    });
  });
})();
