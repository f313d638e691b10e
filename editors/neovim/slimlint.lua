-- slimlint in Neovim 0.7 to 0.10. Put this file into ~/.config/nvim/lua and `require("slimlint").setup()` into init.lua.
local M = {}

-- What of a build is typed in an editor. Everything else the server reads from disk.
local patterns = {
  "Dockerfile*", "Containerfile*", "*.Dockerfile", "*.dockerfile", "*.Containerfile", "*.containerfile",
  ".dockerignore", "*.dockerignore", "*requirements*.txt", "*requirements*.in", "*constraints*.txt",
  "requirements/*.txt", "requirements/*.in", "pyproject.toml", "slimlint.toml", ".slimlint.toml",
  "compose*.yml", "compose*.yaml", "docker-compose*.yml", "docker-compose*.yaml",
}

local clients = {}

-- The repository that holds a file, or else the folder of the file.
local function root_of(file)
  local folder = vim.fn.fnamemodify(file, ":p:h")
  local above = vim.fn.escape(folder, " ,;") .. ";"
  local repository = vim.fn.finddir(".git", above)
  if repository == "" then
    -- In a work tree it is a file.
    repository = vim.fn.findfile(".git", above)
  end
  if repository == "" then
    return folder
  end
  return vim.fn.fnamemodify((vim.fn.fnamemodify(repository, ":p"):gsub("/$", "")), ":h")
end

-- What Neovim can. That it makes numbered edits and files is left out by some versions, and a fix may need both.
local function capabilities()
  local all = vim.lsp.protocol.make_client_capabilities()
  local edit = all.workspace.workspaceEdit or {}
  edit.documentChanges = true
  edit.resourceOperations = edit.resourceOperations or { "create", "rename", "delete" }
  all.workspace.workspaceEdit = edit
  return all
end

-- Gives a buffer to the server of its repository, which is started when there is none.
function M.attach(buffer)
  local root = root_of(vim.api.nvim_buf_get_name(buffer))
  local client = clients[root] and vim.lsp.get_client_by_id(clients[root])
  if not client or client.is_stopped() then
    clients[root] = vim.lsp.start_client({
      name = "slimlint",
      cmd = M.cmd,
      root_dir = root,
      workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
      init_options = M.settings,
      capabilities = capabilities(),
    })
  end
  if clients[root] then
    vim.lsp.buf_attach_client(buffer, clients[root])
  end
end

-- Takes away the empty line with which a new buffer begins, and which the text of a new file has pushed to its end.
local function trim_created(edit)
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.kind == "create" then
      local buffer = vim.uri_to_bufnr(change.uri)
      local count = vim.api.nvim_buf_line_count(buffer)
      if count > 1 and vim.api.nvim_buf_get_lines(buffer, -2, -1, false)[1] == "" then
        vim.api.nvim_buf_set_lines(buffer, -2, -1, false, {})
      end
    end
  end
end

-- Makes all safe fixes of a buffer, and returns whether there were any. Nothing is written.
function M.fix_all(buffer)
  buffer = buffer or vim.api.nvim_get_current_buf()
  local uri = vim.uri_from_bufnr(buffer)
  local start = { line = 0, character = 0 }
  local params = {
    textDocument = { uri = uri },
    range = { start = start, ["end"] = { line = vim.api.nvim_buf_line_count(buffer), character = 0 } },
    context = { diagnostics = {}, only = { "source.fixAll.slimlint" } },
  }
  for _, id in pairs(clients) do
    local client = vim.lsp.buf_is_attached(buffer, id) and vim.lsp.get_client_by_id(id)
    if client then
      local function ask(method, what)
        local answer, problem = client.request_sync(method, what, 10000, buffer)
        problem = problem or (answer and answer.err and answer.err.message)
        if problem then
          error("slimlint: " .. problem)
        end
        return answer and answer.result
      end
      local action = (ask("textDocument/codeAction", params) or {})[1]
      if action and not action.edit then
        action = ask("codeAction/resolve", action)
      end
      if action and action.edit then
        vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding or "utf-16")
        trim_created(action.edit)
        return true
      end
    end
  end
  return false
end

-- `cmd` is the command, `settings` are those that `slimlint lsp --help` lists.
function M.setup(options)
  options = options or {}
  M.cmd = options.cmd or { "slimlint", "lsp" }
  M.settings = options.settings
  local group = vim.api.nvim_create_augroup("slimlint", {})
  vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile" }, {
    group = group,
    pattern = patterns,
    callback = function(event)
      M.attach(event.buf)
    end,
  })
  vim.api.nvim_create_user_command("SlimlintFixAll", function()
    if not M.fix_all() then
      print("slimlint: there is nothing to fix")
    end
  end, { desc = "Make all safe fixes of slimlint" })
end

return M
