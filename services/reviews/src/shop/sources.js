// Who took part in an answer: the service itself first, then everyone it asked, each pair of service and release once. A service that
// answered from two releases is there twice: a mix must show.

export class Sources {
  #list = [];

  constructor(self) {
    this.#add(self);
  }

  /** Merges what an upstream's answer, also a refusal, says of its makers. `get` reads a header of it. */
  merge(get) {
    const versions = new Map(pairs(get('x-shop-versions')));
    for (const [service, release] of pairs(get('x-shop-sources'))) this.#add({ service, release, version: versions.get(service) });
  }

  #add(source) {
    if (!this.#list.some((have) => have.service === source.service && have.release === source.release)) this.#list.push(source);
  }

  headers() {
    return {
      'X-Shop-Sources': this.#list.map((s) => `${s.service}=${s.release}`).join(','),
      'X-Shop-Versions': this.#list.filter((s) => s.version).map((s) => `${s.service}=${token(s.version)}`).join(','),
    };
  }
}

function* pairs(value) {
  for (const item of (value ?? '').split(',')) {
    const [name, rest] = item.trim().split(/=(.*)/s);
    if (name && rest !== undefined) yield [name, rest];
  }
}

// A version is free text; what would break the list is dropped.
const token = (s) => s.replace(/[^!-~]|[,=]/g, '');
