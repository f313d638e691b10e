;;; test.el --- Makes all safe fixes of a Dockerfile  -*- lexical-binding: t; -*-
;;; Commentary:
;; Opens the Dockerfile in the variable DOCKERFILE, waits for findings, makes all safe fixes, and writes what was changed.
;; Run by test.sh.
;;; Code:
(require 'package)
(package-initialize)
(load (expand-file-name "slimlint.el" (file-name-directory load-file-name)))
(setq slimlint-command (list (getenv "SLIMLINT") "lsp")
      make-backup-files nil
      eglot-confirm-server-initiated-edits nil)

(defun slimlint-test-wait (what wanted)
  "Wait until WANTED returns something; say WHAT did not come otherwise."
  (with-timeout (30 (error "%s" what))
    (while (not (funcall wanted))
      (accept-process-output nil 0.05))))

(unless (fboundp 'dockerfile-mode)
  (define-derived-mode dockerfile-mode prog-mode "Dockerfile"))
(find-file (getenv "DOCKERFILE"))
(dockerfile-mode)
(let ((eglot-sync-connect t))
  (apply #'eglot (eglot--guess-contact)))
(slimlint-test-wait "no server" #'eglot-current-server)
(flymake-mode 1)
(slimlint-test-wait "nothing is found" (lambda () (flymake-start) (flymake-diagnostics)))
(let ((before (length (flymake-diagnostics))))
  (princ (format "%d findings, " before))
  (if (condition-case problem
          (progn (slimlint-fix-all) t)
        (error (if (string-match-p "No .*code actions" (error-message-string problem))
                   nil
                 (signal (car problem) (cdr problem)))))
      (princ "fixed")
    (princ "nothing to fix")))
(save-some-buffers t)
(eglot-shutdown (eglot-current-server))
;;; test.el ends here
