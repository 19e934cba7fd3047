import { readFileSync, readdirSync } from "node:fs";
import { createHash } from "node:crypto";
import { defineConfig, type Plugin } from "vite";

const SHELL = "index.html";

/** Tells the service worker which files make up this build, and gives the build a name made of their contents. */
function precache(): Plugin {
  return {
    name: "precache",
    enforce: "post",
    generateBundle(_options, bundle) {
      const digest = createHash("sha256");
      const files = readdirSync("public");
      for (const file of [SHELL, ...files.map((name) => `public/${name}`)]) digest.update(readFileSync(file));
      for (const [name, part] of Object.entries(bundle).sort()) {
        if (name === "sw.js") continue;
        digest.update(name).update(part.type === "chunk" ? part.code : part.source);
        if (name !== SHELL) files.push(name);
      }
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") throw new Error("sw.js is missing from the build");
      digest.update(worker.code);
      const told = { files: ["./", ...files.sort()], build: digest.digest("hex").slice(0, 12) };
      worker.code = worker.code.replace(/["'`]__BUILD__["'`]/, () => JSON.stringify(JSON.stringify(told)));
    },
  };
}

export default defineConfig({
  base: "/field/",
  plugins: [precache()],
  worker: { format: "es" },
  build: {
    outDir: "dist/field",
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { app: SHELL, sw: "src/sw.ts" },
      output: { entryFileNames: (entry) => (entry.name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
  server: { proxy: { "/phone": "http://127.0.0.1:8000" } },
});
