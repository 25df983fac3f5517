// Begins: what is trusted, what goes on, and the page.
import {render} from 'preact';
import {App} from './app.tsx';
import * as live from './live.ts';
import * as trust from './trust.ts';

/** Where the node serves the verifier; its name is put in when the page is built. */
declare const VERIFIER: string;

void trust.start(VERIFIER);
live.start();
render(<App />, document.getElementById('app')!);
