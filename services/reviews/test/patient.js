// Loaded into a process before the service: its limits of time become long, so that a slow machine is not taken for a fault.
import { limits } from '../src/shop/config.js';

for (const name of Object.keys(limits)) limits[name] = 3_600_000;
