const ms = require("ms");

require("http").createServer((request, response) => response.end(String(ms("1m")))).listen(3000);
