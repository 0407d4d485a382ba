// @ts-check
// A page that Dash does not make and that has files to download.
import {watchDownloads} from "../core/reauth.js";
import {Scope} from "../core/scope.js";

watchDownloads(new Scope());
