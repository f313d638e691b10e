-- Opens the Dockerfile in the variable DOCKERFILE, waits for findings, makes all safe fixes, and writes what was changed.
-- Run by test.sh.
local function fail(why)
  io.stderr:write(why .. "\n")
  vim.cmd("cquit 1")
end

local function test()
  local slimlint = require("slimlint")
  slimlint.setup({ cmd = { vim.env.SLIMLINT, "lsp" } })
  vim.cmd("edit " .. vim.fn.fnameescape(vim.env.DOCKERFILE))
  local buffer = vim.api.nvim_get_current_buf()
  local found = vim.wait(30000, function()
    return #vim.diagnostic.get(buffer) > 0
  end, 20)
  if not found then
    return fail("nothing is found in " .. vim.env.DOCKERFILE)
  end
  for _, finding in ipairs(vim.diagnostic.get(buffer)) do
    if finding.source ~= "slimlint" then
      return fail("a finding is of " .. tostring(finding.source))
    end
  end
  local before = #vim.diagnostic.get(buffer)
  local fixed = slimlint.fix_all(buffer)
  local fewer = not fixed or vim.wait(30000, function()
    return #vim.diagnostic.get(buffer) < before
  end, 20)
  if not fewer then
    return fail("as much is found after the fixes as before")
  end
  vim.cmd("silent wall")
  io.stdout:write(("%d findings, %s"):format(before, fixed and "fixed" or "nothing to fix"))
  vim.cmd("qall")
end

local ok, problem = xpcall(test, debug.traceback)
if not ok then
  fail(problem)
end
