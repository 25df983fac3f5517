// Resolves DIDs as applications on npm do: did-resolver, with Veramo's client of universal
// resolvers for the method. Reads {"url", "dids"} from standard input; writes the results.
import {Resolver} from 'did-resolver';
import {getUniversalResolverFor} from '@veramo/did-resolver';

let text = '';
for await (const chunk of process.stdin) {
  text += chunk;
}
const {url, dids} = JSON.parse(text);
const resolver = new Resolver(getUniversalResolverFor(['ndi'], `${url}/1.0/identifiers/`));
const results = await Promise.all(dids.map(did => resolver.resolve(did)));
process.stdout.write(JSON.stringify(results));
