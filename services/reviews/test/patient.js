// Loaded into a process before the service: its limits of time become long, so that a slow machine is not taken for a fault.
import { limits } from '../src/shop/config.js';

export const patience = 300_000;
for (const name of Object.keys(limits)) limits[name] = patience;
