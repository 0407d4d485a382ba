// @ts-check
// The theme's button of a page that Dash does not make.
import {themeButton} from "../core/theme.js";

for (const button of document.querySelectorAll("[data-theme-switch]")) themeButton(/** @type {HTMLElement} */ (button));
