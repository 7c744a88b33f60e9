import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { fontFiles } from "./fonts.ts";

// Everything is bundled: the console asks nobody but its own server.
export default defineConfig({
  plugins: [react(), fontFiles()],
  build: { assetsInlineLimit: 0, chunkSizeWarningLimit: 1500, modulePreload: { polyfill: false }, emptyOutDir: false },
  server: { proxy: { "/api": process.env.BURSAR_SERVER ?? "http://127.0.0.1:8440" } },
});
