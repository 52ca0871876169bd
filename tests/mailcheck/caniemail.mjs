// Prints, as JSON, what no listed mail program can do with the HTML files named: {"feature": ["program", ...]}.
// Run where @jsx-email/doiuse-email is installed; its data are those of caniemail.com.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
const found = createRequire(pathToFileURL(`${folder}/`)).resolve("@jsx-email/doiuse-email");
const { DoIUseEmail } = await import(pathToFileURL(found));
const PROGRAMS = ["gmail.*", "outlook.*", "apple-mail.*", "yahoo.*", "thunderbird.*"];

class Check extends DoIUseEmail {
  checkFeaturesSupport(features) {
    for (const program of [...this.emailClients]) {
      // The whole check gives up where the data say nothing of a program; one program and feature at a time, it need not.
      for (const feature of [features].flat()) {
        const all = this.emailClients;
        this.emailClients = [program];
        try {
          super.checkFeaturesSupport(feature);
        } catch (error) {
          if (!/not found/.test(error.message)) throw error;
        } finally {
          this.emailClients = all;
        }
      }
    }
  }
}

const lacking = {};
for (const file of files) {
  const { errors = [] } = new Check({ emailClients: PROGRAMS }).check(readFileSync(file, "utf8"));
  for (const error of errors) {
    const [, feature, program] = error.match(/^`(.*)` is not supported by `(.*)`$/);
    (lacking[feature] ??= new Set()).add(program);
  }
}
console.log(JSON.stringify(Object.fromEntries(Object.entries(lacking).map(([name, set]) => [name, [...set].sort()]))));
