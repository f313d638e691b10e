;;; slimlint.el --- Findings, fixes and bytes of Dockerfiles  -*- lexical-binding: t; -*-

;;; Commentary:

;; slimlint in Emacs by eglot, which comes with Emacs 29 and is a package before.  Put this file into `load-path', then:
;;
;;     (require 'slimlint)
;;     (add-hook 'dockerfile-mode-hook #'eglot-ensure)
;;     (add-hook 'dockerfile-ts-mode-hook #'eglot-ensure)
;;     (add-hook 'slimlint-requirements-mode-hook #'eglot-ensure)

;;; Code:

(require 'eglot)

(defgroup slimlint nil "A linter for Dockerfiles." :group 'tools)

(defcustom slimlint-command '("slimlint" "lsp")
  "The language server's command."
  :type '(repeat string))

(define-derived-mode slimlint-requirements-mode text-mode "Requirements"
  "Major mode for files of Python requirements."
  (setq-local comment-start "# "))

(add-to-list 'auto-mode-alist '("requirements[^/]*\\.\\(?:txt\\|in\\)\\'" . slimlint-requirements-mode))

;; One server has all modes, so that what is unsaved in the requirements counts for the Dockerfile.
(add-to-list 'eglot-server-programs
             `((dockerfile-mode dockerfile-ts-mode slimlint-requirements-mode)
               . ,(lambda (&rest _) slimlint-command)))

(defun slimlint-fix-all ()
  "Make all safe fixes of this buffer."
  (interactive)
  (eglot-code-actions (point-min) (point-max) "source.fixAll.slimlint" t))

(provide 'slimlint)
;;; slimlint.el ends here
