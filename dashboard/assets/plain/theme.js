// The theme that this browser was given on any page of ours, before the first paint; ``?theme=`` wins.
(() => {
  const asked = new URLSearchParams(location.search).get("theme");
  const kept = asked === "dark" || asked === "light" ? asked : localStorage.getItem("theme");
  if (kept) document.documentElement.dataset.theme = kept;
})();
