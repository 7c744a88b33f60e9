import type { Plugin } from "vite";

// fontFiles makes files of the fonts that style sheets carry as data: the console's policy loads what its server serves, and nothing else.
export function fontFiles(): Plugin {
  return {
    name: "font-files",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      for (const asset of Object.values(bundle)) {
        if (asset.type !== "asset" || !asset.fileName.endsWith(".css")) continue;
        asset.source = String(asset.source).replaceAll(/url\((['"]?)data:font\/(\w+);base64,([A-Za-z0-9+/=]+)\1\)/g, (_all, _quote, kind: string, data: string) => {
          const id = this.emitFile({ type: "asset", name: `font.${kind}`, source: Buffer.from(data, "base64") });
          return `url(/${this.getFileName(id)})`;
        });
      }
    },
  };
}
